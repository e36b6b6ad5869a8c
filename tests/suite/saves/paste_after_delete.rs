//! Lines that are pasted into another project after they were deleted: what was known of their tasks
//! comes along, if their program has read where they were. The file system driven directly, in virtual
//! time.

use serde_json::json;
use taskadefs::{api::TaskResource, sync::DetailQuery};

use crate::support::{
    harness::{Mount, pass},
    program::Program,
    service::details::{Details, day},
};

const PLAN: &str = "- [ ] stay\n- [ ] move me\n  - [ ] with me\n";
const CUT: &str = "- [ ] stay\n";
const HOME: &str = "- [ ] home\n";
const PASTED: &str = "- [ ] home\n- [ ] move me\n  - [ ] with me\n";

/// Two projects; a program has read one of them, and since then what its tasks have is known.
async fn open() -> (Mount, Program) {
    with(|_| {}).await
}

async fn with(more: impl FnOnce(&mut Details)) -> (Mount, Program) {
    let mount = Mount::of("stay\nmove me\n  with me").await;
    mount.memory.seed("f", "home", "Home", "home");
    mount.memory.detail_elsewhere("plan", "t2", |task| {
        task.date = Some(day("2026-12-01"));
        task.assignees = vec!["alice".to_owned()];
        task.fields.insert("@inc01".to_owned(), json!(7));
        more(task);
    });
    mount.memory.detail_elsewhere("plan", "t3", |task| task.note = Some("a note".to_owned()));
    pass(60).await;
    mount.names().await;
    let editor = Program::new();
    assert_eq!(editor.reads(&mount).await, PLAN);
    let ino = mount.ino("Plan.md").await.unwrap();
    let query = DetailQuery { resources: TaskResource::DETAILS.to_vec(), refetch: false };
    mount.vfs.ask_details(ino, &query, &|_| {}).await.unwrap();
    mount.writes();
    (mount, editor)
}

/// The program cuts, while it has nothing else before it: the deletion is sent.
async fn cut(mount: &Mount, editor: &Program) {
    editor.writes(mount, CUT).await;
    pass(5).await;
    assert_eq!(mount.writes(), ["DELETE t2"]);
}

/// It reads the other project, and pastes.
async fn paste(mount: &Mount, editor: &mut Program) {
    editor.goes_to("Home.md");
    assert_eq!(editor.reads(mount).await, HOME);
    mount.memory.take_reads();
    editor.writes(mount, PASTED).await;
    pass(5).await;
    assert_eq!(mount.memory.tree("home"), "home\nmove me\n  with me\n");
}

/// What the new tasks have.
fn pasted(mount: &Mount) -> (Details, Option<String>) {
    let ids = mount.memory.ids("home");
    (mount.memory.details("home", &ids[1]), mount.memory.details("home", &ids[2]).note)
}

fn assert_whole(mount: &Mount) {
    let (top, note) = pasted(mount);
    assert_eq!((top.date, top.assignees), (Some(day("2026-12-01")), vec!["alice".to_owned()]));
    assert_eq!(top.fields["@inc01"], 7);
    assert_eq!(note.as_deref(), Some("a note"));
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_and_is_pasted_into_another_project_has_what_was_known_of_it() {
    let (mount, mut editor) = open().await;
    cut(&mount, &editor).await;
    paste(&mount, &mut editor).await;
    assert_whole(&mount);
    // The people and the fields of the other project are looked up; nothing of the task is asked for.
    assert_eq!(mount.memory.take_reads(), 2);
    assert_eq!(mount.writes().len(), 6);
    let shown = mount.read("Home.md").await;
    assert!(shown.contains("- [ ] move me @alice [@inc01:: 7] 📅 2026-12-01\n"), "{shown}");
    // It has given that away.
    editor.goes_to("Plan.md");
    pass(3).await;
    let text = editor.reads(&mount).await;
    editor.writes(&mount, &format!("{text}- [ ] move me\n")).await;
    pass(5).await;
    assert_eq!(mount.writes(), ["POST [beforeend project \"move me\"]"]);
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_its_paste_in_vain_comes_along_as_well() {
    let (mount, mut editor) = open().await;
    editor.goes_to("Home.md");
    editor.reads(&mount).await;
    editor.goes_to("Plan.md");
    editor.writes(&mount, CUT).await;
    assert_eq!(mount.writes(), [""; 0]);
    pass(60).await;
    assert_eq!(mount.writes(), ["DELETE t2"]);
    paste(&mount, &mut editor).await;
    assert_whole(&mount);
}

#[tokio::test(start_paused = true)]
async fn it_comes_along_into_a_new_project_and_over_a_kill() {
    for is_killed in [false, true] {
        let (mut mount, editor) = open().await;
        cut(&mount, &editor).await;
        if is_killed {
            // From then on nobody has come to what it was deleted from.
            mount.kill().await;
        }
        let name = std::ffi::OsStr::new("New.md");
        let mode = crate::support::harness::TRUNCATE;
        let (_, opened) =
            mount.vfs.create(mount.folder, name, 0o644, mode, false, editor.id()).await.unwrap();
        let text = "- [ ] move me\n  - [ ] with me\n";
        mount.vfs.write(opened.fh, 0, text.as_bytes()).await.unwrap();
        mount.vfs.flush(opened.fh, editor.id()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        pass(10).await;
        let id = mount.memory.find("New").unwrap();
        assert_eq!(mount.memory.tree(&id), "move me\n  with me\n");
        let ids = mount.memory.ids(&id);
        assert_eq!(mount.memory.details(&id, &ids[0]).assignees, ["alice"], "{is_killed}");
        assert_eq!(mount.memory.details(&id, &ids[0]).fields["@inc01"], 7);
        assert_eq!(mount.memory.details(&id, &ids[1]).note.as_deref(), Some("a note"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_other_project_has_not_is_left_out_and_refuses_nothing() {
    for in_new in [false, true] {
        let (mount, mut editor) = with(|task| {
            task.assignees.push("stranger".to_owned());
            task.fields.insert("@elsewhere".to_owned(), json!("x"));
        })
        .await;
        cut(&mount, &editor).await;
        if in_new {
            // This very process has read it, too.
            mount.read("Plan.md").await;
            mount.create("New.md", b"- [ ] move me\n").await.unwrap();
            pass(10).await;
            let id = mount.memory.find("New").unwrap();
            let top = mount.memory.details(&id, &mount.memory.ids(&id)[0]);
            assert_eq!(top.assignees, ["alice"]);
            assert_eq!(top.fields.keys().collect::<Vec<_>>(), ["@inc01"]);
            continue;
        }
        paste(&mount, &mut editor).await;
        assert_whole(&mount);
        let shown = mount.read("Home.md").await;
        assert!(!shown.contains("stranger") && !shown.contains("elsewhere"), "{shown}");
        let ino = mount.ino("Home.md").await.unwrap();
        assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
        // Whom a line names that nobody knows is told all the same.
        pass(3).await;
        let text = editor.reads(&mount).await;
        editor.saves(&mount, &format!("{text}- [ ] new @stranger\n")).await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn it_stays_where_its_program_did_not_read_it_or_took_too_long() {
    // A program that never saw the first project; the same one after more than ten minutes.
    for is_other in [true, false] {
        let (mount, mut editor) = open().await;
        cut(&mount, &editor).await;
        if is_other {
            editor = Program::new();
        } else {
            pass(601).await;
        }
        paste(&mount, &mut editor).await;
        assert_eq!(pasted(&mount), (Details::default(), None));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_line_says_stands_and_each_task_is_given_once() {
    let (mount, mut editor) = open().await;
    pass(3).await;
    let text = editor.reads(&mount).await;
    assert!(text.contains("@alice"), "{text}");
    cut(&mount, &editor).await;
    editor.goes_to("Home.md");
    editor.reads(&mount).await;
    // Without the field, with another date, and twice.
    let line = "- [ ] move me @alice 📅 2026-12-02\n";
    editor.writes(&mount, &format!("{HOME}{line}- [ ] move me\n")).await;
    pass(5).await;
    let ids = mount.memory.ids("home");
    let first = mount.memory.details("home", &ids[1]);
    assert_eq!((first.date, first.assignees), (Some(day("2026-12-02")), vec!["alice".to_owned()]));
    assert!(first.fields.is_empty());
    assert_eq!(mount.memory.details("home", &ids[2]), Details::default());
}
