//! Deletions that wait to be sent, while other programs still have the line before their eyes: what is
//! still there is never made again. Driven directly, in virtual time.

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    program::{Program, lines},
    service::Fault,
};

/// One program takes `b` out while nothing gets through, then another, which still sees it, saves this.
async fn taken_out_and_needed(tasks: &str, needs: &str) -> (Mount, Program, Program) {
    let mount = Mount::of(tasks).await;
    let (first, second) = (Program::new(), Program::new());
    let text = first.reads(&mount).await;
    second.reads(&mount).await;
    mount.memory.set_offline(true);
    let without: String =
        text.lines().filter(|line| !line.ends_with("] b")).collect::<Vec<_>>().join("\n");
    first.writes(&mount, &without).await;
    second.writes(&mount, needs).await;
    (mount, first, second)
}

#[tokio::test(start_paused = true)]
async fn a_line_that_one_takes_out_and_another_needs_is_the_task_that_it_was() {
    for (needs, writes) in [
        // Its text, its box, and what it holds.
        ("- [ ] a\n- [ ] b!\n- [ ] c\n", ["PUT t2 \"b!\""]),
        ("- [ ] a\n- [x] b\n- [ ] c\n", ["POST t2/complete"]),
        ("- [ ] a\n- [ ] b\n  - [ ] c\n", ["PUT t3/move afterbegin t2"]),
    ] {
        let (mount, ..) = taken_out_and_needed("a\nb\nc", needs).await;
        assert_eq!(mount.read("Plan.md").await, needs);
        mount.memory.heal();
        pass(100).await;
        assert_eq!(mount.writes(), writes);
        assert_eq!(mount.memory.ids("plan"), ["t1", "t2", "t3"]);
        assert_eq!(mount.read("Plan.md").await, needs);
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_made_of_it_meanwhile_is_not_there_beside_it() {
    let (mount, first, second) =
        taken_out_and_needed("a\nb\nc", "- [ ] a\n- [ ] b\n  - [ ] c\n").await;
    // The first takes it out once more, and elsewhere somebody edits it: it stays as they have it,
    pass(3).await;
    assert_eq!(first.reads(&mount).await, "- [ ] a\n- [ ] b\n  - [ ] c\n");
    first.writes(&mount, &lines("a c")).await;
    mount.memory.edit_elsewhere("plan", "t2", "b of theirs");
    pass(60).await;
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb of theirs\nc\n");
    // and whoever still has its old line before its eyes has the same task.
    second.writes(&mount, "- [ ] d\n- [ ] a\n- [ ] b\n  - [ ] c\n").await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "d\na\nb of theirs\nc\n");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_needed_and_gone_all_the_same_is_made_again() {
    let (mount, ..) = taken_out_and_needed("a\nb\nc", "- [ ] a\n- [ ] b!\n- [ ] c\n").await;
    mount.memory.delete_elsewhere("plan", "t2");
    pass(60).await;
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb!\nc\n");
}

#[tokio::test(start_paused = true)]
async fn one_whose_deletion_was_sent_is_made_again_if_it_was_executed_and_else_it_is_still_there() {
    for is_executed in [true, false] {
        let mount = Mount::of("a\nb\nc").await;
        let (first, second) = (Program::new(), Program::new());
        first.reads(&mount).await;
        second.reads(&mount).await;
        let fault = if is_executed { Fault::After } else { Fault::Before(Kind::Ambiguous) };
        mount.memory.fail_next([fault]);
        mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 30]);
        first.writes(&mount, &lines("a c")).await;
        second.writes(&mount, &lines("a b! c")).await;
        mount.memory.heal();
        pass(200).await;
        assert_eq!(mount.memory.tree("plan"), "a\nb!\nc\n");
        assert_eq!(mount.memory.ids("plan").contains(&"t2".to_owned()), !is_executed);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_taken_out_again_and_is_still_there_is_that_task_for_whoever_sees_it() {
    let mount = Mount::of("a\nb\nc").await;
    let (first, second) = (Program::new(), Program::new());
    first.reads(&mount).await;
    second.reads(&mount).await;
    // The deletion may be on its way when the second needs the line.
    mount.memory.fail_next([Fault::Before(Kind::Ambiguous)]);
    mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 30]);
    first.writes(&mount, &lines("a c")).await;
    second.writes(&mount, &lines("a b! c")).await;
    pass(3).await;
    assert_eq!(first.reads(&mount).await, lines("a b! c"));
    first.writes(&mount, &lines("a c")).await;
    mount.memory.edit_elsewhere("plan", "t2", "b of theirs");
    mount.memory.heal();
    pass(200).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb of theirs\nc\n");
    second.writes(&mount, "- [ ] a\n- [ ] b!\n  - [ ] below\n- [ ] c\n").await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb of theirs\n  below\nc\n");
}
