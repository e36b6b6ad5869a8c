//! Reading `.taskade/media/`: what each look and each reading costs, and what is gone on with. The file
//! system driven directly, over a service in memory, in virtual time.

use taskadefs::{
    error::{Kind, Result},
    vfs::Caching,
};

use crate::support::{
    harness::{Mount, READ, me, pass},
    service::Fault,
};

const MEDIA: &str = ".taskade/media";
const LIST: &str = "folders/{folder}/medias";
const DOWNLOAD: &str = "medias/{media}/download";
const NONE: [&str; 0] = [];

async fn with(files: &[(&str, &str, &[u8])]) -> Mount {
    let mount = Mount::of("a").await;
    for (id, name, content) in files {
        mount.memory.upload_elsewhere("f", id, name, content);
    }
    mount.memory.take_asked();
    mount
}

async fn names(mount: &Mount) -> Vec<String> {
    mount.names_of(mount.place(MEDIA).await).await
}

async fn read(mount: &Mount, name: &str) -> Result<Vec<u8>> {
    let ino = mount.find(&format!("{MEDIA}/{name}")).await?.ino;
    let opened = mount.vfs.open(ino, READ, me()).await?;
    assert_eq!(opened.caching, Caching::Bypass);
    let size = mount.vfs.getattr(ino, me()).await?.size;
    let mut bytes = Vec::new();
    let result = loop {
        match mount.vfs.read(opened.fh, bytes.len() as u64, 7).await {
            Ok(more) if more.is_empty() => break Ok(()),
            Ok(more) => bytes.extend(more),
            Err(error) => break Err(error),
        }
    };
    mount.vfs.release(opened.fh).await?;
    result?;
    assert_eq!(size, bytes.len() as u64, "an open file has its true size");
    Ok(bytes)
}

#[tokio::test(start_paused = true)]
async fn media_are_listed_once_in_max_age_whatever_is_looked_at() {
    let files: Vec<String> = (0..230).map(|number| format!("m{number}")).collect();
    let mount = with(&[]).await;
    for id in &files {
        mount.memory.upload_elsewhere("f", id, id, b"1");
    }
    assert_eq!(names(&mount).await.len(), 230);
    assert_eq!(mount.memory.take_asked(), [LIST; 3]);
    for name in ["m0", "m229"] {
        mount.place(&format!("{MEDIA}/{name}")).await;
    }
    assert_eq!(names(&mount).await.len(), 230);
    assert_eq!(mount.memory.take_asked(), NONE);
}

#[tokio::test(start_paused = true)]
async fn names_are_learnt_with_one_head_each_and_kept_for_ever() {
    let mut mount =
        with(&[("m1", "logo.png", b"12"), ("m2", "logo.png", b"3"), ("m3", "../x", b"")]).await;
    assert_eq!(names(&mount).await, ["m1", "m2", "m3"]);
    pass(5).await;
    let learnt = ["logo.png", "logo ~m2.png", "．.／x"];
    assert_eq!(names(&mount).await, learnt);
    let mut asked = mount.memory.take_asked();
    assert_eq!(asked.remove(0), LIST);
    assert_eq!(asked, [DOWNLOAD; 3]);
    let found = mount.find(&format!("{MEDIA}/logo.png")).await.unwrap();
    assert_eq!(found.size, 2, "the head told it");
    let by_id = mount.find(&format!("{MEDIA}/m1")).await.unwrap();
    assert_eq!(by_id.ino, found.ino, "the id stays one of its names");
    mount.remount_cleanly().await;
    pass(60).await;
    assert_eq!(names(&mount).await, learnt);
    pass(60).await;
    assert!(!mount.memory.take_asked().contains(&DOWNLOAD));
    mount.memory.delete_media_elsewhere("m1");
    pass(60).await;
    names(&mount).await;
    pass(60).await;
    assert_eq!(names(&mount).await, &learnt[1..], "a name once given stays");
}

#[tokio::test(start_paused = true)]
async fn who_walks_through_everything_learns_no_names() {
    let mount = with(&[("m1", "logo.png", b"12")]).await;
    let places = ["", "/projects", "/projects/Plan", "/projects/Plan/tasks", "/media"];
    for place in places {
        mount.names_of(mount.place(&format!(".taskade{place}")).await).await;
    }
    mount.memory.take_asked();
    pass(5).await;
    assert_eq!(mount.memory.take_asked(), NONE);
}

#[tokio::test(start_paused = true)]
async fn a_medium_that_tells_no_name_is_asked_once() {
    let mount = with(&[("m1", "logo.png", b"12"), ("m2", "b.png", b"3")]).await;
    names(&mount).await;
    mount.memory.fail_next_reads([Fault::Before(Kind::Forbidden)]);
    pass(5).await;
    assert_eq!(names(&mount).await, ["m1", "b.png"]);
    assert_eq!(mount.memory.take_asked(), [LIST, DOWNLOAD, DOWNLOAD]);
    pass(60).await;
    names(&mount).await;
    pass(60).await;
    assert_eq!(mount.memory.take_asked(), [LIST]);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_read_once_and_without_the_service_too() {
    let content: Vec<u8> = (0..=u8::MAX).cycle().take(1000).collect();
    let mut mount = with(&[("m1", "logo.png", &content), ("m2", "empty", b"")]).await;
    assert_eq!(read(&mount, "m1").await.unwrap(), content);
    assert_eq!(read(&mount, "logo.png").await.unwrap(), content, "which told its name");
    assert_eq!(read(&mount, "m2").await.unwrap(), b"");
    assert_eq!(mount.memory.take_asked(), [LIST, DOWNLOAD, DOWNLOAD]);
    mount.remount_cleanly().await;
    mount.memory.set_offline(true);
    assert_eq!(read(&mount, "logo.png").await.unwrap(), content);
    assert_eq!(mount.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn what_broke_off_is_gone_on_with_where_it_ended() {
    let content: Vec<u8> = (0..=u8::MAX).cycle().take(1000).collect();
    let mut mount = with(&[("m1", "logo.png", &content)]).await;
    mount.memory.tear_download(400);
    assert_eq!(read(&mount, "m1").await.unwrap_err().errno(), libc::EIO);
    mount.memory.tear_download(300);
    assert_eq!(read(&mount, "m1").await.unwrap_err().errno(), libc::EIO);
    mount.remount_cleanly().await;
    mount.memory.take_bytes();
    assert_eq!(read(&mount, "m1").await.unwrap(), content);
    assert_eq!(mount.memory.take_bytes(), 300, "and nothing came twice");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_and_nothing_is_kept_of_it() {
    for (kind, errno) in [
        (Kind::Forbidden, libc::EACCES),
        (Kind::NotFound, libc::ENOENT),
        (Kind::PaymentRequired, libc::EDQUOT),
        (Kind::Unreachable, libc::EIO),
    ] {
        let mount = with(&[("m1", "logo.png", b"12")]).await;
        let ino = mount.place(&format!("{MEDIA}/m1")).await;
        mount.memory.fail_next_reads([Fault::Before(kind)]);
        let error = mount.vfs.open(ino, READ, me()).await.unwrap_err();
        assert_eq!(error.errno(), errno, "{kind:?}");
        assert_eq!(read(&mount, "m1").await.unwrap(), b"12");
    }
}
