//! Saving in two steps inside `media/`, as editors do: one upload under the final name.

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    media::{names, read, remove, rename, write},
};

const NONE: [&str; 0] = [];

#[tokio::test(start_paused = true)]
async fn a_temporary_file_that_is_renamed_over_a_medium_is_one_upload() {
    for temporary in [".logo.svg.tmp1", "logo.svg~", "sedAbC123", "#logo.svg#"] {
        let mount = Mount::of("a").await;
        write(&mount, "logo.svg", b"old").await.unwrap();
        mount.writes();
        write(&mount, temporary, b"new").await.unwrap();
        assert_eq!(mount.writes(), NONE, "{temporary} stays on this machine");
        rename(&mount, temporary, "logo.svg").await.unwrap();
        assert_eq!(names(&mount).await, ["logo.svg"]);
        assert_eq!(read(&mount, "logo.svg").await.unwrap(), b"new");
        pass(5).await;
        assert_eq!(mount.memory.medias(), [("logo.svg".to_owned(), b"new".to_vec())]);
        assert_eq!(mount.writes().len(), 2, "an upload and a deletion");
    }
}

#[tokio::test(start_paused = true)]
async fn a_backup_by_renaming_away_and_a_new_file_are_one_upload_and_one_deletion() {
    let mount = Mount::of("a").await;
    write(&mount, "logo.svg", b"old").await.unwrap();
    mount.writes();
    rename(&mount, "logo.svg", "logo.svg~").await.unwrap();
    write(&mount, "logo.svg", b"new").await.unwrap();
    assert_eq!(read(&mount, "logo.svg~").await.unwrap(), b"old");
    remove(&mount, "logo.svg~").await.unwrap();
    pass(5).await;
    assert_eq!(mount.memory.medias(), [("logo.svg".to_owned(), b"new".to_vec())]);
    assert_eq!(mount.writes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_is_put_back_within_the_grace_costs_nothing() {
    let mount = Mount::of("a").await;
    write(&mount, "logo.svg", b"old").await.unwrap();
    mount.writes();
    rename(&mount, "logo.svg", "logo.svg~").await.unwrap();
    rename(&mount, "logo.svg~", "logo.svg").await.unwrap();
    pass(5).await;
    assert_eq!((names(&mount).await, mount.writes()), (vec!["logo.svg".to_owned()], vec![]));
    assert_eq!(read(&mount, "logo.svg").await.unwrap(), b"old");
    rename(&mount, "logo.svg", "logo.svg~").await.unwrap();
    pass(5).await;
    rename(&mount, "logo.svg~", "logo.svg").await.unwrap();
    pass(5).await;
    assert_eq!(mount.memory.medias(), [("logo.svg".to_owned(), b"old".to_vec())]);
}

#[tokio::test(start_paused = true)]
async fn a_medium_is_not_renamed_to_another_name() {
    let mount = Mount::of("a").await;
    write(&mount, "logo.svg", b"old").await.unwrap();
    mount.writes();
    let refused = rename(&mount, "logo.svg", "other.svg").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::NotPermitted);
    assert!(refused.to_string().contains("copy it"), "{refused}");
    let missing = rename(&mount, "none.svg", "none.svg~").await.unwrap_err();
    assert_eq!(missing.kind(), Kind::NotFound);
    pass(5).await;
    assert_eq!((names(&mount).await, mount.writes()), (vec!["logo.svg".to_owned()], vec![]));
}
