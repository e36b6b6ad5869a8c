//! Projects that are renamed to the name of another one, which others may have taken away since it
//! was listed. The file system driven directly, in virtual time.

use crate::{
    saves::relocation::{A, move_to, open, sales, text_in},
    support::harness::pass,
};

#[tokio::test(start_paused = true)]
async fn a_project_that_others_took_away_since_it_was_listed_is_not_replaced() {
    for is_archived in [true, false] {
        for is_remounted in [true, false] {
            let (mut mount, sales) = open("a\n  b").await;
            mount.memory.copy_elsewhere("plan", "theirs", "s", "Plan");
            pass(60).await;
            assert_eq!(mount.names_of(sales).await, ["Plan.md"]);
            assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
            if is_remounted {
                // What was listed before is known still.
                mount.remount_cleanly().await;
            } else {
                pass(60).await;
            }
            if is_archived {
                mount.memory.archive_elsewhere("theirs", true);
            } else {
                mount.memory.rename_elsewhere("theirs", "Theirs");
            }
            let sales = self::sales(&mount).await;
            move_to(&mount, sales, "Plan.md").await.unwrap();
            pass(60).await;
            let open: &[&str] = if is_archived { &["s/Plan"] } else { &["s/Plan", "s/Theirs"] };
            assert_eq!(mount.memory.open_projects(), open);
            assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
            assert_eq!(mount.memory.tree("theirs"), "a\n  b\n");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_no_network_what_was_listed_is_replaced() {
    let (mount, sales) = open("a\n  b").await;
    mount.memory.copy_elsewhere("plan", "theirs", "s", "Plan");
    pass(60).await;
    assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
    pass(60).await;
    mount.memory.set_offline(true);
    move_to(&mount, sales, "Plan.md").await.unwrap();
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.memory.open_projects(), ["s/Plan"]);
    assert_eq!(mount.names().await, [""; 0]);
    assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
}
