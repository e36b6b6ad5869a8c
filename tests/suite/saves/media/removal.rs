//! Removing media: journaled, held for the grace, and finished whatever comes in between.

use std::time::Duration;

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    media::{MEDIA, names, remove, state},
    service::Fault,
};

const PATH: &str = "Acme/Marketing/.taskade/media/m1";
const DELETED: [&str; 1] = ["DELETE medias/m1"];
const NONE: [&str; 0] = [];

/// A mount of a folder that has two media, which were listed.
async fn two() -> Mount {
    let mount = Mount::of("a").await;
    mount.memory.upload_elsewhere("f", "m1", "m1", b"1");
    mount.memory.upload_elsewhere("f", "m2", "m2", b"2");
    assert_eq!(names(&mount).await, ["m1", "m2"]);
    mount
}

#[tokio::test(start_paused = true)]
async fn a_medium_is_hidden_at_once_and_deleted_after_the_grace_with_one_request() {
    let mount = two().await;
    assert_eq!(state(&mount, "m1").await.unwrap(), "clean");
    remove(&mount, "m1").await.unwrap();
    assert_eq!(names(&mount).await, ["m2"]);
    assert_eq!(remove(&mount, "m1").await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(mount.waiting(), [(PATH.to_owned(), "pending", "deletion")]);
    pass(1).await;
    assert_eq!(mount.writes(), NONE, "within the grace");
    pass(2).await;
    assert_eq!(mount.writes(), DELETED);
    assert_eq!((names(&mount).await, mount.waiting()), (vec!["m2".to_owned()], vec![]));
}

#[tokio::test(start_paused = true)]
async fn whoever_unmounts_waits_for_no_grace() {
    let mount = two().await;
    remove(&mount, "m1").await.unwrap();
    mount.vfs.rest(Duration::from_secs(1)).await;
    assert_eq!(mount.writes(), DELETED);
}

#[tokio::test(start_paused = true)]
async fn a_removal_survives_a_crash_within_the_grace_and_while_the_service_is_gone() {
    for is_offline in [false, true] {
        let mut mount = two().await;
        remove(&mount, "m1").await.unwrap();
        if is_offline {
            mount.memory.set_offline(true);
            pass(60).await;
            assert_eq!(mount.waiting(), [(PATH.to_owned(), "pending", "deletion")]);
            mount.memory.set_offline(false);
        }
        mount.crash().await;
        assert_eq!(names(&mount).await, ["m2"]);
        pass(90).await;
        assert_eq!(mount.writes(), DELETED);
        mount.crash().await;
        pass(60).await;
        assert_eq!((mount.writes(), mount.waiting()), (vec![], vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_asked_for_again_and_does_no_harm() {
    for fault in [Fault::After, Fault::Before(Kind::Ambiguous), Fault::Before(Kind::Unreachable)] {
        let mount = two().await;
        mount.memory.fail_next([fault]);
        remove(&mount, "m1").await.unwrap();
        pass(60).await;
        assert_eq!((mount.memory.media_ids(), mount.waiting()), (vec!["m2".to_owned()], vec![]));
    }
    let mount = two().await;
    mount.memory.delete_media_elsewhere("m1");
    remove(&mount, "m1").await.unwrap();
    pass(5).await;
    assert_eq!(mount.waiting(), []);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_brings_the_file_back_with_its_reason_until_it_is_settled() {
    for kind in [Kind::Unauthorized, Kind::Forbidden, Kind::PaymentRequired, Kind::Refused] {
        let mut mount = two().await;
        mount.memory.fail_next([Fault::Before(kind)]);
        remove(&mount, "m1").await.unwrap();
        pass(5).await;
        assert_eq!(names(&mount).await, ["m1", "m2"]);
        assert_eq!(mount.waiting(), [(PATH.to_owned(), "rejected", "deletion")]);
        assert_eq!(state(&mount, "m1").await.unwrap(), "rejected");
        let ino = mount.place(&format!("{MEDIA}/m1")).await;
        let reason = mount.attribute(ino, "user.taskade.error").await.unwrap();
        assert!(reason.starts_with(PATH) && reason.contains("taskadefs discard"), "{reason}");
        mount.crash().await;
        pass(10).await;
        // There may be another token by now.
        let is_tried_again = kind == Kind::Unauthorized;
        assert_eq!(mount.writes().len(), usize::from(is_tried_again), "{kind:?}");
        if is_tried_again {
            continue;
        }
        let ino = mount.place(&format!("{MEDIA}/m1")).await;
        mount.vfs.retry(ino, false).await.unwrap();
        pass(1).await;
        assert_eq!((mount.writes(), mount.waiting()), (vec![DELETED[0].to_owned()], vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_is_given_up_leaves_the_file_and_one_that_is_repeated_is_a_new_wish() {
    let mount = two().await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden), Fault::Before(Kind::Forbidden)]);
    remove(&mount, "m1").await.unwrap();
    pass(5).await;
    mount.vfs.discard(mount.place(&format!("{MEDIA}/m1")).await).await.unwrap();
    assert_eq!((names(&mount).await.len(), mount.waiting()), (2, vec![]));
    remove(&mount, "m1").await.unwrap();
    pass(5).await;
    assert_eq!(mount.waiting().len(), 1);
    remove(&mount, "m1").await.unwrap();
    pass(5).await;
    assert_eq!((mount.writes(), mount.waiting()), (vec![DELETED[0].to_owned()], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_was_on_its_way_does_not_bring_a_medium_back() {
    let mount = two().await;
    remove(&mount, "m1").await.unwrap();
    pass(5).await;
    mount.memory.upload_elsewhere("f", "m1", "m1", b"1");
    pass(60).await;
    names(&mount).await;
    pass(60).await;
    assert_eq!(names(&mount).await, ["m2"], "ids are never given again");
}
