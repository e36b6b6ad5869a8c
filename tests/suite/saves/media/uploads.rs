//! Uploading media: once each, whatever comes in between.

use taskadefs::error::Kind;

use crate::support::{
    harness::{APPEND, Mount, WRITE, pass},
    media::{MEDIA, names, read, remove, state, write, write_with},
    service::Fault,
};

const PATH: &str = "Acme/Marketing/.taskade/media/logo.png";
const UPLOADED: [&str; 1] = ["POST \"logo.png\" 3 bytes"];
const NONE: [&str; 0] = [];

fn waiting() -> Vec<(String, &'static str, &'static str)> {
    vec![(PATH.to_owned(), "pending", "upload")]
}

#[tokio::test(start_paused = true)]
async fn a_file_is_uploaded_once_when_it_is_closed_and_read_from_this_machine() {
    let mut mount = Mount::of("a").await;
    mount.memory.take_asked();
    write(&mount, "logo.png", b"\0\xff\n").await.unwrap();
    assert_eq!(mount.writes(), UPLOADED);
    assert_eq!((names(&mount).await, mount.waiting()), (vec!["logo.png".to_owned()], vec![]));
    assert_eq!(read(&mount, "logo.png").await.unwrap(), b"\0\xff\n");
    assert_eq!(state(&mount, "logo.png").await.unwrap(), "clean");
    assert_eq!(mount.memory.take_asked(), ["folders/{folder}/medias"]);
    mount.remount_cleanly().await;
    pass(60).await;
    assert_eq!(read(&mount, "logo.png").await.unwrap(), b"\0\xff\n");
    assert!(!mount.memory.take_asked().contains(&"medias/{media}/download"), "nor asked for");
    assert_eq!(mount.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_over_is_replaced_once_the_new_one_is_there() {
    let mount = Mount::of("a").await;
    write(&mount, "logo.png", b"one").await.unwrap();
    write(&mount, "logo.png", b"two").await.unwrap();
    assert_eq!(read(&mount, "logo.png").await.unwrap(), b"two");
    write_with(&mount, "logo.png", APPEND, b"!").await.unwrap();
    write_with(&mount, "logo.png", WRITE, b"T").await.unwrap();
    pass(5).await;
    assert_eq!(names(&mount).await, ["logo.png"]);
    assert_eq!(mount.memory.medias(), [("logo.png".to_owned(), b"Two!".to_vec())]);
    assert_eq!(read(&mount, "logo.png").await.unwrap(), b"Two!");
}

#[tokio::test(start_paused = true)]
async fn what_was_emptied_and_not_written_is_as_it_was() {
    let mount = Mount::of("a").await;
    write(&mount, "logo.png", b"").await.unwrap();
    assert_eq!((names(&mount).await, mount.writes()), (vec!["logo.png".to_owned()], vec![]));
    write(&mount, "logo.png", b"one").await.unwrap();
    write(&mount, "logo.png", b"").await.unwrap();
    assert_eq!(read(&mount, "logo.png").await.unwrap(), b"one");
    assert_eq!(mount.writes(), UPLOADED);
    remove(&mount, "logo.png").await.unwrap();
    assert_eq!(names(&mount).await, NONE);
}

#[tokio::test(start_paused = true)]
async fn an_upload_offline_waits_survives_a_crash_and_is_sent_once() {
    let mut mount = Mount::of("a").await;
    names(&mount).await;
    mount.memory.set_offline(true);
    write(&mount, "logo.png", b"one").await.unwrap();
    assert_eq!(
        (mount.waiting(), read(&mount, "logo.png").await.unwrap()),
        (waiting(), b"one".to_vec())
    );
    write(&mount, "logo.png", b"two").await.unwrap();
    assert_eq!(mount.waiting(), waiting(), "two that wait are one");
    mount.memory.set_offline(false);
    mount.crash().await;
    assert_eq!(read(&mount, "logo.png").await.unwrap(), b"two");
    pass(90).await;
    assert_eq!((mount.writes(), mount.waiting()), (vec![UPLOADED[0].to_owned()], vec![]));
    assert_eq!(mount.memory.medias(), [("logo.png".to_owned(), b"two".to_vec())]);
    mount.crash().await;
    pass(90).await;
    assert_eq!((mount.writes(), names(&mount).await), (vec![], vec!["logo.png".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn an_upload_whose_answer_was_lost_is_looked_for_before_it_is_repeated() {
    for (fault, crashes) in [
        (Fault::After, false),
        (Fault::After, true),
        (Fault::Before(Kind::Ambiguous), false),
        (Fault::Before(Kind::Ambiguous), true),
    ] {
        let mut mount = Mount::of("a").await;
        mount.memory.upload_elsewhere("f", "m1", "logo.png", b"old");
        names(&mount).await;
        pass(5).await;
        mount.memory.fail_next([fault]);
        write(&mount, "new.png", b"one").await.unwrap();
        // Somebody else uploads one of that name meanwhile, of another length.
        mount.memory.upload_elsewhere("f", "m2", "new.png", b"another");
        if crashes {
            mount.crash().await;
        }
        pass(120).await;
        let ours = mount.memory.medias().into_iter().filter(|(_, content)| content == b"one");
        assert_eq!((ours.count(), mount.waiting()), (1, vec![]));
        assert_eq!(read(&mount, "new.png").await.unwrap(), b"one");
        assert_eq!(names(&mount).await.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_after_each_request_leaves_one_file() {
    for requests in 0..4 {
        let mut mount = Mount::of("a").await;
        write(&mount, "logo.png", b"old").await.unwrap();
        mount.memory.cut_after(Some(requests));
        write(&mount, "logo.png", b"one").await.unwrap();
        mount.memory.cut_after(None);
        mount.crash().await;
        pass(120).await;
        assert_eq!(mount.memory.medias(), [("logo.png".to_owned(), b"one".to_vec())], "{requests}");
        assert_eq!((mount.waiting(), names(&mount).await), (vec![], vec!["logo.png".to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_fails_the_close_and_the_file_stays_until_it_is_settled() {
    for (kind, errno) in [
        (Kind::Unauthorized, libc::EACCES),
        (Kind::Forbidden, libc::EACCES),
        (Kind::NotFound, libc::ENOENT),
        (Kind::PaymentRequired, libc::EDQUOT),
        (Kind::FileTooLarge, libc::EFBIG),
        (Kind::Refused, libc::EIO),
    ] {
        let mount = Mount::of("a").await;
        write(&mount, "logo.png", b"old").await.unwrap();
        mount.memory.fail_next([Fault::Before(kind)]);
        let refused = write(&mount, "logo.png", b"one").await.unwrap_err();
        assert_eq!(refused.errno(), errno, "{kind:?}");
        assert_eq!(mount.waiting(), [(PATH.to_owned(), "rejected", "upload")]);
        assert_eq!(state(&mount, "logo.png").await.unwrap(), "rejected");
        assert_eq!(read(&mount, "logo.png").await.unwrap(), b"one", "what was written is there");
        let ino = mount.place(&format!("{MEDIA}/logo.png")).await;
        if kind == Kind::Forbidden {
            mount.vfs.discard(ino).await.unwrap();
            assert_eq!(read(&mount, "logo.png").await.unwrap(), b"old");
        } else {
            mount.vfs.retry(ino, false).await.unwrap();
            pass(10).await;
            assert_eq!(mount.memory.medias(), [("logo.png".to_owned(), b"one".to_vec())]);
        }
        assert_eq!((mount.waiting(), names(&mount).await), (vec![], vec!["logo.png".to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_refused_before_a_byte_is_sent() {
    let mount = Mount::of("a").await;
    let refused = write(&mount, "logo.png", &vec![0; (25 << 20) + 1]).await.unwrap_err();
    assert_eq!(refused.errno(), libc::EFBIG);
    pass(10).await;
    assert_eq!((mount.writes(), mount.waiting()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_removed_before_it_is_there_is_not_there_in_the_end() {
    let mount = Mount::of("a").await;
    names(&mount).await;
    mount.memory.set_offline(true);
    write(&mount, "logo.png", b"one").await.unwrap();
    remove(&mount, "logo.png").await.unwrap();
    assert_eq!((names(&mount).await, mount.waiting()), (vec![], vec![]));
    mount.memory.set_offline(false);
    mount.memory.fail_next([Fault::After]);
    write(&mount, "logo.png", b"two").await.unwrap();
    remove(&mount, "logo.png").await.unwrap();
    assert_eq!(names(&mount).await, NONE);
    pass(120).await;
    assert_eq!((mount.memory.medias(), mount.waiting()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn two_of_one_name_are_two_files() {
    let mount = Mount::of("a").await;
    mount.memory.upload_elsewhere("f", "m1", "logo.png", b"one");
    mount.memory.upload_elsewhere("f", "m2", "logo.png", b"two");
    names(&mount).await;
    pass(5).await;
    assert_eq!(names(&mount).await, ["logo.png", "logo ~m2.png"]);
    write(&mount, "logo ~m2.png", b"new").await.unwrap();
    pass(5).await;
    assert_eq!(read(&mount, "logo.png").await.unwrap(), b"one");
    assert_eq!(read(&mount, "logo ~m2.png").await.unwrap(), b"new");
    assert_eq!(mount.memory.medias().len(), 2);
}
