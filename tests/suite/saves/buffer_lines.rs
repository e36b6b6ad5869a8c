//! Lines of a buffer that became something else at the service, or had no id there yet: who has
//! them before its eyes edits and deletes them as its own. Driven directly, in virtual time.

use crate::support::{
    harness::{Mount, pass},
    program::{Program, lines},
};

#[tokio::test(start_paused = true)]
async fn a_line_that_the_service_reads_as_markup_can_be_deleted_and_edited_by_who_typed_it() {
    for (typed, said) in [("**bold**", "bold"), ("R\\*D", "R*D"), ("`code`", "code")] {
        for created in [true, false] {
            let mount = Mount::of("a\nold").await;
            let (editor, other) = (Program::new(), Program::new());
            editor.reads(&mount).await;
            let rest = if created { "- [ ] old\n" } else { "" };
            editor.writes(&mount, &format!("- [ ] a\n- [ ] {typed}\n{rest}")).await;
            pass(60).await;
            let task = mount.memory.ids("plan")[1].clone();
            // The service has taken it for markup, as everybody sees.
            mount.memory.edit_elsewhere("plan", &task, said);
            other.reads(&mount).await;
            pass(60).await;
            editor.writes(&mount, &format!("- [ ] a\n- [ ] {typed} more\n{rest}")).await;
            assert!(mount.memory.tree("plan").contains("more"), "{}", mount.memory.tree("plan"));
            mount.memory.edit_elsewhere("plan", &task, &format!("{said} more"));
            pass(60).await;
            other.reads(&mount).await;
            mount.writes();
            editor.writes(&mount, &format!("- [ ] a\n{rest}")).await;
            pass(10).await;
            assert_eq!(mount.writes().len(), 1, "{typed}: it is deleted and nothing else");
            let left = if created { "a\nold\n" } else { "a\n" };
            assert_eq!(mount.memory.tree("plan"), left);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_of_a_waiting_save_can_be_deleted_for_good() {
    let mount = Mount::of("a\nb").await;
    let (first, second, third) = (Program::new(), Program::new(), Program::new());
    first.reads(&mount).await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "t3", "c");
    second.reads(&mount).await;
    mount.memory.set_offline(true);
    // An old buffer, which does not know of `c`.
    first.writes(&mount, &lines("a b mine")).await;
    let shown = third.reads(&mount).await;
    assert_eq!(shown, lines("a b mine c"), "with all that is known");
    third.writes(&mount, &lines("a mine")).await;
    assert_eq!(second.reads(&mount).await, lines("a mine"));
    mount.memory.set_offline(false);
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "a\nmine\n");
    assert_eq!(second.reads(&mount).await, lines("a mine"));
}

#[tokio::test(start_paused = true)]
async fn what_others_deleted_and_an_old_buffer_edited_can_be_deleted_again() {
    let mount = Mount::of("a\nb").await;
    let (first, second) = (Program::new(), Program::new());
    first.reads(&mount).await;
    pass(60).await;
    mount.memory.delete_elsewhere("plan", "t2");
    assert_eq!(second.reads(&mount).await, lines("a"));
    mount.memory.set_offline(true);
    first.writes(&mount, &lines("a better")).await;
    assert_eq!(second.reads(&mount).await, lines("a better"));
    second.writes(&mount, &lines("a")).await;
    assert_eq!(mount.text("Plan.md").await, lines("a"));
    mount.memory.set_offline(false);
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "a\n");
}

#[tokio::test(start_paused = true)]
async fn of_two_waiting_saves_each_shows_the_other_and_both_can_be_deleted() {
    let mount = Mount::of("a").await;
    let (first, second, third) = (Program::new(), Program::new(), Program::new());
    first.reads(&mount).await;
    second.reads(&mount).await;
    mount.memory.set_offline(true);
    first.writes(&mount, &lines("a one")).await;
    second.writes(&mount, &lines("a two")).await;
    let shown = third.reads(&mount).await;
    assert!(shown.contains("one") && shown.contains("two"), "{shown}");
    third.writes(&mount, &lines("a")).await;
    // Their buffers still have their own lines, and leave them as they are.
    first.writes(&mount, &lines("a one")).await;
    pass(3).await;
    assert_eq!(first.reads(&mount).await, lines("a"));
    mount.memory.set_offline(false);
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "a\n");
}

#[tokio::test(start_paused = true)]
async fn a_buffer_with_lines_that_had_no_ids_yet_outlives_a_kill() {
    let mut mount = Mount::of("a").await;
    let editor = Program::new();
    editor.reads(&mount).await;
    mount.memory.set_offline(true);
    editor.writes(&mount, &lines("a one two")).await;
    mount.memory.set_offline(false);
    mount.kill().await;
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "a\none\ntwo\n");
    mount.memory.add_elsewhere("plan", "x", "colleague");
    mount.kill().await;
    pass(60).await;
    mount.writes();
    editor.writes(&mount, &lines("a two")).await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "a\ntwo\ncolleague\n");
    assert_eq!(mount.writes().len(), 1, "the line is deleted, and none is made again");
}

#[tokio::test(start_paused = true)]
async fn a_buffer_with_lines_that_had_no_ids_yet_outlives_a_copy_and_a_kill() {
    for new_ids in [false, true] {
        let mut mount = Mount::of("a").await;
        mount.memory.lock().copies_have_new_ids = new_ids;
        let mut editor = Program::new();
        editor.reads(&mount).await;
        editor.writes(&mount, "- [ ] a\n- [ ] one\n- [ ] **two**\n").await;
        mount.rename("Plan.md", "Fresh.md").await.unwrap();
        editor.goes_to("Fresh.md");
        // It looks at what it saved, which is written down once more.
        editor.reads(&mount).await;
        pass(3).await;
        let copy = mount.memory.find("Fresh").unwrap();
        let two = mount.memory.ids(&copy)[2].clone();
        mount.memory.edit_elsewhere(&copy, &two, "two");
        pass(60).await;
        mount.text("Fresh.md").await;
        mount.kill().await;
        pass(60).await;
        mount.writes();
        editor.writes(&mount, "- [ ] one\n- [ ] **two**\n- [ ] three\n").await;
        pass(10).await;
        assert_eq!(mount.memory.tree(&copy), "one\ntwo\nthree\n");
        assert_eq!(mount.writes().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn markup_that_was_taken_is_known_after_a_kill() {
    let mut mount = Mount::of("a").await;
    let (editor, other) = (Program::new(), Program::new());
    editor.reads(&mount).await;
    editor.writes(&mount, "- [ ] a\n- [ ] **bold**\n").await;
    pass(60).await;
    let task = mount.memory.ids("plan")[1].clone();
    mount.memory.edit_elsewhere("plan", &task, "bold");
    other.reads(&mount).await;
    mount.kill().await;
    other.reads(&mount).await;
    pass(60).await;
    editor.writes(&mount, &lines("a")).await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "a\n");
}

#[tokio::test(start_paused = true)]
async fn a_line_taken_out_before_it_was_sent_stays_out_unless_it_is_edited() {
    for is_killed in [false, true] {
        let mut mount = Mount::of("a").await;
        let (first, second) = (Program::new(), Program::new());
        first.reads(&mount).await;
        mount.memory.set_offline(true);
        first.writes(&mount, "- [ ] a\n- [ ] something new\n").await;
        pass(10).await;
        assert_eq!(second.reads(&mount).await, "- [ ] a\n- [ ] something new\n");
        second.writes(&mount, "- [ ] a\n").await;
        mount.memory.set_offline(false);
        pass(120).await;
        assert_eq!(mount.writes(), [""; 0], "there was nothing to be done");
        if is_killed {
            mount.kill().await;
        }
        // The buffer has the line as it was: its program has not put it there again.
        first.writes(&mount, "- [ ] a!\n- [ ] something new\n").await;
        pass(60).await;
        assert_eq!(mount.memory.tree("plan"), "a!\n", "killed: {is_killed}");
        // Who edits a line needs it.
        first.writes(&mount, "- [ ] a!\n- [ ] something newer\n").await;
        pass(60).await;
        assert_eq!(mount.memory.tree("plan"), "a!\nsomething newer\n", "killed: {is_killed}");
        first.writes(&mount, "- [ ] a!\n").await;
        pass(60).await;
        assert_eq!(mount.memory.tree("plan"), "a!\n", "killed: {is_killed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_a_later_program_saw_before_a_kill_is_deleted_by_it() {
    let mut mount = Mount::of("a\nb").await;
    let (first, second) = (Program::new(), Program::new());
    first.reads(&mount).await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "t3", "c");
    mount.memory.add_elsewhere("plan", "t4", "d");
    assert_eq!(second.reads(&mount).await, lines("a b c d"));
    mount.kill_before_anything_is_cached().await;
    mount.ino("Plan.md").await.unwrap();
    mount.memory.set_offline(true);
    // Of an old buffer, and then of one in which there was more.
    first.writes(&mount, &lines("a b mine")).await;
    second.writes(&mount, &lines("d a b")).await;
    mount.memory.set_offline(false);
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "d\na\nb\nmine\n");
}
