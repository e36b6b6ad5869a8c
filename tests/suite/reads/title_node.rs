//! The node that carries a project's title is no task of it, whatever it says. Driven directly, in
//! virtual time.

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

const PLAN: &str = "- [ ] a\n  - [ ] b\n- [ ] c\n";

#[tokio::test(start_paused = true)]
async fn a_title_that_was_changed_in_vain_is_no_task_after_the_power_went() {
    for is_empty in [false, true] {
        let mut mount = Mount::of("a\n  b\nc").await;
        mount.memory.seed("f", "other", "Other", "");
        assert_eq!(mount.read("Plan.md").await, PLAN);
        pass(60).await;
        let (name, id) = if is_empty { ("Other.md", "other") } else { ("Plan.md", "plan") };
        // The node takes the title, the project keeps its name, and cannot be copied.
        mount.memory.fail_next([Fault::None, Fault::Before(Kind::Forbidden)]);
        mount.rename(name, "Later.md").await.unwrap_err();
        assert_eq!(mount.writes(), ["PUT title \"Later\""]);
        mount.lose_power().await;
        let text = if is_empty { "" } else { PLAN };
        assert_eq!(mount.read(name).await, text);
        let text = format!("{text}- [ ] d\n");
        mount.overwrite(name, text.as_bytes()).await.unwrap();
        // It is read again by then.
        for _ in 0..2 {
            pass(60).await;
            assert_eq!(mount.read(name).await, text);
        }
        assert!(mount.memory.tree(id).ends_with("d\n"));
        assert_eq!(mount.writes(), ["POST [beforeend project \"d\"]"]);
    }
}
