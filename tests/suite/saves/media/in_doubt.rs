//! Uploads of which nobody knows yet whether they came through, and what programs do meanwhile.

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    media::{MEDIA, names, read, remove, write},
    service::Fault,
};

/// An upload that this comes to, of which nothing can be looked up until the service is healed.
async fn in_doubt(mount: &Mount, fault: Fault, content: &[u8]) {
    mount.memory.fail_next([fault]);
    mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 50]);
    write(mount, "logo.png", content).await.unwrap();
}

/// A mount of a folder with one file, of which another upload is in doubt.
async fn replaced(fault: Fault) -> Mount {
    let mount = Mount::of("a").await;
    write(&mount, "logo.png", b"old").await.unwrap();
    in_doubt(&mount, fault, b"new").await;
    mount
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_removed_then_is_gone_with_what_it_was_to_replace() {
    for fault in [Fault::After, Fault::Before(Kind::Ambiguous), Fault::Before(Kind::Protocol)] {
        for writes_again in [false, true] {
            let mount = replaced(fault.clone()).await;
            if writes_again {
                write(&mount, "logo.png", b"newer").await.unwrap();
            }
            remove(&mount, "logo.png").await.unwrap();
            mount.memory.heal();
            pass(120).await;
            assert_eq!((mount.memory.medias(), mount.waiting()), (vec![], vec![]), "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_refused_in_the_end_is_settled_by_the_next_of_its_name() {
    let mount = replaced(Fault::Before(Kind::Ambiguous)).await;
    write(&mount, "logo.png", b"newer").await.unwrap();
    mount.memory.heal();
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    pass(120).await;
    assert_eq!(mount.memory.medias(), [("logo.png".to_owned(), b"newer".to_vec())]);
    assert_eq!(mount.waiting(), []);
}

#[tokio::test(start_paused = true)]
async fn one_of_the_same_name_and_length_from_elsewhere_is_not_taken_for_it() {
    let mount = Mount::of("a").await;
    names(&mount).await;
    in_doubt(&mount, Fault::Before(Kind::Ambiguous), b"one").await;
    mount.memory.upload_elsewhere("f", "m1", "logo.png", b"two");
    mount.memory.heal();
    pass(120).await;
    let of = |content: &[u8]| ("logo.png".to_owned(), content.to_vec());
    assert_eq!(mount.memory.medias(), [of(b"two"), of(b"one")]);
    assert_eq!(read(&mount, "logo.png").await.unwrap(), b"one");
}

#[tokio::test(start_paused = true)]
async fn what_it_replaces_is_not_taken_for_it_though_it_is_the_same() {
    let mut mount = Mount::of("a").await;
    names(&mount).await;
    mount.remount_cleanly().await;
    // What is listed from here on is what the cache has.
    write(&mount, "logo.png", b"one").await.unwrap();
    mount.memory.set_offline(true);
    write(&mount, "logo.png", b"one").await.unwrap();
    mount.memory.set_offline(false);
    mount.memory.fail_next([Fault::Before(Kind::Ambiguous)]);
    mount.crash().await;
    pass(120).await;
    assert_eq!(mount.memory.medias(), [("logo.png".to_owned(), b"one".to_vec())]);
    assert_eq!(mount.waiting(), []);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_refused_is_settled_once_somebody_else_deletes_the_file() {
    let mount = Mount::of("a").await;
    mount.memory.upload_elsewhere("f", "m1", "logo.png", b"one");
    names(&mount).await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.vfs.unlink(mount.place(MEDIA).await, "m1".as_ref()).await.unwrap();
    pass(5).await;
    assert_eq!(mount.waiting().len(), 1);
    mount.memory.delete_media_elsewhere("m1");
    pass(60).await;
    names(&mount).await;
    pass(1).await;
    names(&mount).await;
    assert_eq!(mount.waiting(), []);
}
