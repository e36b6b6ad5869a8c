//! Saves that Taskade refused and that are given up, while programs still have them before their eyes:
//! who saves such a buffer once more sends it once more. Driven directly, in virtual time.

use taskadefs::{error::Kind, vfs::OpenMode};

use crate::support::{
    harness::{APPEND, Mount, READ, WRITE, pass},
    program::{Program, lines},
    service::Fault,
};

const UPDATE: OpenMode = OpenMode { read: true, ..WRITE };

async fn discard(mount: &Mount) {
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.discard(ino).await.unwrap();
}

async fn state(mount: &Mount) -> String {
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.attribute(ino, "user.taskade.state").await.unwrap()
}

/// A mount on which a save of this text was refused after so many requests, and a program that has
/// it in its buffer.
async fn refused(tasks: &str, text: &str, requests: usize) -> (Mount, Program) {
    let mount = Mount::of(tasks).await;
    let editor = Program::new();
    editor.reads(&mount).await;
    let passed = std::iter::repeat_n(Fault::None, requests);
    mount.memory.fail_next(passed.chain([Fault::Before(Kind::Forbidden)]));
    editor.saves(&mount, text).await.unwrap_err();
    assert_eq!(mount.writes().len(), requests);
    mount.memory.heal();
    (mount, editor)
}

/// An edit, a deletion, a move and a line that is new: the requests that they take, in order.
const SAVED: &str = "- [ ] A\n- [ ] d\n- [ ] c\n- [ ] new\n";
const TREE: &str = "A\nd\nc\nnew\n";

#[tokio::test(start_paused = true)]
async fn a_buffer_that_is_saved_again_is_sent_again_as_far_as_it_is_not_done() {
    for requests in 0..4 {
        for is_killed in 0..4 {
            let (mut mount, editor) = refused("a\nb\nc\nd", SAVED, requests).await;
            // What it was edited from outlives the mount that was told to save it, too.
            for _ in 1..is_killed {
                mount.kill().await;
            }
            discard(&mount).await;
            assert_eq!(state(&mount).await, "clean");
            if is_killed > 0 {
                mount.kill().await;
            }
            // Taskade says no again, and the program is told so.
            mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
            editor.saves(&mount, SAVED).await.unwrap_err();
            assert_eq!(state(&mount).await, "rejected");
            mount.memory.heal();
            discard(&mount).await;
            editor.saves(&mount, SAVED).await.unwrap();
            let writes = mount.writes();
            assert_eq!(mount.memory.tree("plan"), TREE, "{requests} {is_killed}: {writes:?}");
            assert_eq!(writes.len(), 4 - requests, "{requests} {is_killed}: {writes:?}");
            // From now on it is saved.
            editor.saves(&mount, SAVED).await.unwrap();
            assert_eq!(mount.writes(), [""; 0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_save_that_was_refused_after_a_kill_is_sent_again_with_what_it_deleted() {
    for is_added in [false, true] {
        let mut mount = Mount::of("a\nb\nc\nd").await;
        let (editor, other) = (Program::new(), Program::new());
        editor.reads(&mount).await;
        other.reads(&mount).await;
        mount.memory.set_offline(true);
        if is_added {
            other.writes(&mount, &lines("a b c d other")).await;
        }
        editor.writes(&mount, SAVED).await;
        mount.kill().await;
        mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
        mount.memory.set_offline(false);
        pass(100).await;
        assert_eq!(state(&mount).await, "rejected");
        mount.memory.heal();
        discard(&mount).await;
        editor.saves(&mount, SAVED).await.unwrap();
        assert_eq!(mount.memory.tree("plan"), TREE);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_put_back_after_a_kill_takes_only_the_refused_save_back() {
    let mut mount = Mount::of("a\nb").await;
    let (first, second) = (Program::new(), Program::new());
    first.reads(&mount).await;
    mount.memory.set_offline(true);
    first.writes(&mount, &lines("a! b")).await;
    pass(3).await;
    assert_eq!(second.reads(&mount).await, lines("a! b"));
    second.writes(&mount, &lines("a! b c")).await;
    mount.kill().await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.memory.set_offline(false);
    pass(100).await;
    assert_eq!(state(&mount).await, "rejected");
    mount.memory.heal();
    // The text from before its save, with what waited then.
    second.writes(&mount, &lines("a! b")).await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "a!\nb\n");
}

#[tokio::test(start_paused = true)]
async fn what_others_did_since_stays_where_the_buffer_only_says_what_is_done() {
    let (mount, editor) = refused("a\nb\nc\nd", SAVED, 3).await;
    discard(&mount).await;
    let ids = mount.memory.ids("plan");
    mount.memory.edit_elsewhere("plan", &ids[0], "A of theirs");
    mount.memory.add_elsewhere("plan", "x", "theirs");
    pass(60).await;
    editor.saves(&mount, SAVED).await.unwrap();
    let tree = mount.memory.tree("plan");
    assert!(tree.starts_with("A of theirs\n") && tree.contains("theirs\n"), "{tree}");
    assert_eq!(tree.lines().filter(|line| *line == "new").count(), 1, "{tree}");
}

#[tokio::test(start_paused = true)]
async fn who_only_read_it_says_it_again_and_deletes_nothing() {
    let (mount, _editor) = refused("a\nb\nc\nd", SAVED, 0).await;
    let reader = Program::new();
    assert_eq!(reader.reads(&mount).await, SAVED);
    discard(&mount).await;
    reader.saves(&mount, &format!("{SAVED}- [ ] more\n")).await.unwrap();
    pass(10).await;
    let tree = mount.memory.tree("plan");
    let mut texts: Vec<&str> = tree.lines().collect();
    texts.sort_unstable();
    assert_eq!(texts, ["A", "b", "c", "d", "more", "new"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_added_to_a_save_that_waited_is_sent_again_with_what_its_program_saw_of_that() {
    let mount = Mount::of("a\nb").await;
    let (first, second) = (Program::new(), Program::new());
    first.reads(&mount).await;
    mount.memory.set_offline(true);
    first.writes(&mount, &lines("a! b")).await;
    pass(3).await;
    assert_eq!(second.reads(&mount).await, lines("a! b"));
    second.writes(&mount, &lines("a! b c")).await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.memory.set_offline(false);
    pass(100).await;
    assert_eq!(state(&mount).await, "rejected");
    mount.memory.heal();
    discard(&mount).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
    second.writes(&mount, &lines("a! b c")).await;
    assert_eq!(mount.memory.tree("plan"), "a!\nb\nc\n");
    first.writes(&mount, &lines("a! b")).await;
    assert_eq!(mount.memory.tree("plan"), "a!\nb\nc\n");
}

#[tokio::test(start_paused = true)]
async fn a_new_project_that_was_refused_and_given_up_is_made_by_saving_it_again() {
    let mount = Mount::of("").await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.create("New.md", b"- [ ] a\n").await.unwrap_err();
    mount.memory.heal();
    let ino = mount.ino("New.md").await.unwrap();
    mount.vfs.discard(ino).await.unwrap();
    assert_eq!(mount.memory.find("New"), None);
    mount.create("New.md", b"- [ ] a\n").await.unwrap();
    pass(10).await;
    assert_eq!(mount.memory.tree(&mount.memory.find("New").unwrap()), "a\n");
}

/// How a refused save is given up.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// `taskadefs discard`.
    Discarded,
    /// Its own program puts its backup back, through another descriptor.
    PutBack,
    /// Another program puts it back.
    PutBackByAnother,
}

#[tokio::test(start_paused = true)]
async fn a_file_that_stays_open_over_it_says_all_of_it_again() {
    for how in [How::Discarded, How::PutBack, How::PutBackByAnother] {
        for requests in 0..2 {
            let mount = Mount::of("a\nb").await;
            let (editor, other) = (Program::new(), Program::new());
            other.reads(&mount).await;
            let (_, fh, _) = editor.open(&mount, UPDATE).await;
            let passed = std::iter::repeat_n(Fault::None, requests);
            mount.memory.fail_next(passed.chain([Fault::Before(Kind::Forbidden)]));
            let text = lines("a! b new");
            mount.vfs.write(fh, 0, text.as_bytes()).await.unwrap();
            mount.vfs.fsync(fh).await.unwrap_err();
            mount.memory.heal();
            match how {
                How::Discarded => discard(&mount).await,
                How::PutBack => editor.writes(&mount, &lines("a b")).await,
                How::PutBackByAnother => other.writes(&mount, &lines("a b")).await,
            }
            pass(10).await;
            mount.vfs.write(fh, text.len() as u64, lines("more").as_bytes()).await.unwrap();
            mount.vfs.fsync(fh).await.unwrap();
            mount.vfs.release(fh).await.unwrap();
            pass(10).await;
            let tree = mount.memory.tree("plan");
            assert_eq!(tree, "a!\nb\nnew\nmore\n", "{how:?} after {requests}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_appended_through_a_file_that_stays_open_is_sent_with_the_next() {
    for is_discarded in [true, false] {
        let mount = Mount::of("a\nb").await;
        let (shell, other) = (Program::new(), Program::new());
        other.reads(&mount).await;
        let (_, fh, _) = shell.open(&mount, APPEND).await;
        mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
        mount.vfs.write(fh, 0, lines("one").as_bytes()).await.unwrap();
        mount.vfs.fsync(fh).await.unwrap_err();
        mount.memory.heal();
        match is_discarded {
            true => discard(&mount).await,
            false => other.writes(&mount, &lines("a b")).await,
        }
        mount.vfs.write(fh, 0, lines("two").as_bytes()).await.unwrap();
        mount.vfs.fsync(fh).await.unwrap();
        mount.vfs.release(fh).await.unwrap();
        pass(10).await;
        assert_eq!(mount.memory.tree("plan"), "a\nb\none\ntwo\n");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_opened_after_it_begins_as_what_is_there() {
    let (mount, editor) = refused("a\nb", &lines("a! b new"), 0).await;
    discard(&mount).await;
    pass(3).await;
    assert_eq!(editor.reads(&mount).await, lines("a b"));
    editor.saves(&mount, &lines("a! b new")).await.unwrap();
    let (_, fh, _) = editor.open(&mount, UPDATE).await;
    mount.vfs.write(fh, lines("a! b new").len() as u64, lines("more").as_bytes()).await.unwrap();
    mount.vfs.fsync(fh).await.unwrap();
    mount.vfs.release(fh).await.unwrap();
    let writes = mount.writes();
    assert_eq!(mount.memory.tree("plan"), "a!\nb\nnew\nmore\n", "{writes:?}");
    assert_eq!(writes.len(), 3, "{writes:?}");
    let (_, fh, _) = editor.open(&mount, READ).await;
    mount.vfs.release(fh).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_line_that_two_programs_have_is_one_line() {
    for is_edited in [false, true] {
        let (mount, editor) = refused("a\nb", "- [ ] a\n- [ ] b\n- [ ] something new\n", 0).await;
        let other = Program::new();
        assert_eq!(other.reads(&mount).await, "- [ ] a\n- [ ] b\n- [ ] something new\n");
        discard(&mount).await;
        pass(60).await;
        other.writes(&mount, "- [ ] a\n- [ ] B\n- [ ] something new\n").await;
        pass(60).await;
        assert_eq!(mount.memory.tree("plan"), "a\nB\nsomething new\n");
        let last = if is_edited { "something newer" } else { "something new" };
        editor.writes(&mount, &format!("- [ ] A\n- [ ] b\n- [ ] {last}\n")).await;
        pass(60).await;
        assert_eq!(mount.memory.tree("plan"), format!("A\nB\n{last}\n"));
        // A second line of the same words is one, if it is put beside the first.
        let more = "- [ ] A\n- [ ] B\n- [ ] something new\n- [ ] something new\n";
        other.reads(&mount).await;
        other.writes(&mount, more).await;
        pass(60).await;
        assert_eq!(mount.memory.tree("plan").matches("something new\n").count(), 2);
    }
}

/// A program that has a refused line in its buffer, as another one has, once that is given up.
async fn given_up() -> (Mount, Program, Program) {
    let (mount, editor) = refused("a", &lines("a new b"), 0).await;
    let other = Program::new();
    assert_eq!(other.reads(&mount).await, lines("a new b"));
    discard(&mount).await;
    pass(60).await;
    (mount, editor, other)
}

#[tokio::test(start_paused = true)]
async fn a_refused_line_that_two_programs_have_is_one_line_whoever_edits_it_first() {
    let (mount, editor, other) = given_up().await;
    other.writes(&mount, "- [ ] a\n- [ ] b\n- [ ] new and better\n").await;
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nnew and better\n");
    mount.writes();
    editor.writes(&mount, &lines("a new b")).await;
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nnew and better\n");
    assert_eq!(mount.writes(), [""; 0], "it has changed nothing");
    editor.writes(&mount, "- [ ] a\n- [ ] new and old\n- [ ] b\n").await;
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nnew and old\n");
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_of_a_refused_line_that_is_there_again_is_saved() {
    for is_waiting in [false, true] {
        let (mount, editor, other) = given_up().await;
        mount.memory.set_offline(is_waiting);
        other.writes(&mount, &lines("a new b")).await;
        let edited = "- [ ] a\n- [x] new too 📅 2026-12-01\n- [x] b\n";
        editor.writes(&mount, edited).await;
        mount.memory.set_offline(false);
        pass(120).await;
        assert_eq!(mount.memory.tree("plan"), "a\nx new too\nx b\n", "waiting: {is_waiting}");
        assert_eq!(other.reads(&mount).await, edited);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_line_that_was_deleted_since_is_made_again_by_who_edits_it() {
    let (mount, editor, other) = given_up().await;
    other.writes(&mount, &lines("a new b")).await;
    pass(60).await;
    other.writes(&mount, &lines("a b")).await;
    pass(60).await;
    editor.writes(&mount, "- [ ] a\n- [ ] new and better\n- [ ] b\n").await;
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nnew and better\nb\n");
}

#[tokio::test(start_paused = true)]
async fn a_line_like_a_refused_one_by_a_program_that_never_had_that_is_another_one() {
    let (mount, _editor, other) = given_up().await;
    let stranger = Program::new();
    assert_eq!(stranger.reads(&mount).await, lines("a"));
    other.writes(&mount, &lines("a new b")).await;
    pass(60).await;
    stranger.writes(&mount, "- [ ] a\n- [ ] new and better\n- [x] b\n").await;
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nnew and better\nnew\nx b\n");
}
