//! Programs that stay while mounts come and go, and go on with the buffer that they had: on a real
//! mount.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Map, Value, json};
use taskadefs::server::Quirks;

use crate::support::mount::{Mounted, until};

/// An editor: it reads and writes files as it is told, in one process.
const EDITOR: &str = r#"
import json, os, sys
for line in sys.stdin:
    what, path, text = json.loads(line)
    if what == "read":
        answer = open(path).read()
        size = os.stat(path).st_size
        answer = answer if size == len(answer.encode()) else "cut off at %d: %s" % (size, answer)
    elif what == "write":
        with open(path, "w") as file: file.write(text)
        answer = ""
    elif what == "append":
        with open(path, "a") as file: file.write(text)
        answer = ""
    elif what == "replace":
        with open(path + ".tmp", "w") as file: file.write(text)
        os.rename(path + ".tmp", path)
        answer = ""
    elif what == "stat":
        status = os.stat(path)
        answer = "%d %d" % (status.st_size, status.st_mtime_ns)
    print(json.dumps(answer), flush=True)
"#;

struct Editor {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Editor {
    fn new() -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", EDITOR]).stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/");
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn asks(&mut self, what: &str, path: &Path, text: &str) -> String {
        let line = serde_json::to_string(&(what, path, text)).unwrap();
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{what} {path:?} failed"))
    }

    fn reads(&mut self, path: &Path) -> String {
        self.asks("read", path, "")
    }

    fn writes(&mut self, path: &Path, text: &str) {
        self.asks("write", path, text);
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(texts: &str) -> String {
    texts.split_whitespace().map(|text| format!("- [ ] {text}\n")).collect()
}

fn kill(mounted: &Mounted) {
    // SAFETY: a signal to a process that this test started.
    unsafe { libc::kill(mounted.pid().unwrap(), libc::SIGKILL) };
    until("the death of the mount", || std::fs::metadata(&mounted.root).is_err());
}

#[test]
fn a_session_of_one_editor_deletes_what_it_reloaded_and_nothing_else() {
    let mounted = Mounted::with("a\nb", &["--max-age", "0"]);
    let (mut editor, file) = (Editor::new(), mounted.file());
    assert_eq!(editor.reads(&file), lines("a b"));
    mounted.server().store().add_elsewhere(&mounted.project, "colleague").unwrap();
    editor.writes(&file, &lines("a b mine"));
    // Everybody else has it all, in whatever order they look.
    let own = lines("a b mine");
    let all = mounted.text();
    assert_eq!(mounted.ok("wc -c < Plan.md").trim(), all.len().to_string());
    assert_eq!(editor.reads(&file), own);
    assert_eq!(mounted.text(), all);
    assert_eq!(mounted.ok("cat Plan.md; head -c 10 Plan.md"), format!("{all}{}", &all[..10]));
    let before = editor.asks("stat", &file, "");
    assert_eq!(editor.reads(&file), own);
    editor.writes(&file, &lines("a b mine more"));
    assert!(mounted.tree().contains("colleague"), "{}", mounted.tree());
    // Later it reloads, and sees it.
    until("the colleague's line", || editor.reads(&file).contains("colleague"));
    assert_ne!(editor.asks("stat", &file, ""), before);
    let all = mounted.text();
    assert_eq!(editor.reads(&file), all);
    editor.writes(&file, &all.replace("- [ ] colleague\n", ""));
    assert!(!mounted.tree().contains("colleague"), "{}", mounted.tree());
    mounted.end();
}

#[test]
fn an_old_buffer_outlives_mounts_that_end_and_are_killed() {
    for killed in [false, true] {
        let mounted = Mounted::with("a\nb", &["--max-age", "0"]);
        let (mut editor, file) = (Editor::new(), mounted.file());
        assert_eq!(editor.reads(&file), lines("a b"));
        // Since then others have been served more.
        mounted.server().store().add_elsewhere(&mounted.project, "colleague").unwrap();
        assert_eq!(mounted.text(), lines("a b colleague"));
        for _ in 0..2 {
            if killed {
                kill(&mounted);
            }
            mounted.end();
            mounted.begin();
        }
        assert_eq!(mounted.text(), lines("a b colleague"));
        editor.writes(&file, &lines("a b mine"));
        let tree = mounted.tree();
        assert!(tree.contains("colleague") && tree.contains("mine"), "killed: {killed}, {tree}");
        // What it wrote itself it can take back, over a mount too.
        if killed {
            kill(&mounted);
        }
        mounted.end();
        mounted.begin();
        editor.writes(&file, &lines("a b"));
        assert_eq!(mounted.tree(), "a\nb\ncolleague\n", "killed: {killed}");
        mounted.end();
    }
}

#[test]
fn what_was_read_when_the_mount_was_killed_can_be_deleted() {
    let mounted = Mounted::with("a\nb", &["--max-age", "0"]);
    let (mut editor, file) = (Editor::new(), mounted.file());
    mounted.text();
    mounted.server().store().add_elsewhere(&mounted.project, "colleague").unwrap();
    assert_eq!(editor.reads(&file), lines("a b colleague"));
    kill(&mounted);
    mounted.end();
    mounted.begin();
    editor.writes(&file, &lines("a b"));
    assert_eq!(mounted.tree(), "a\nb\n");
    mounted.end();
}

#[test]
fn who_appends_to_more_than_it_read_keeps_it() {
    let mounted = Mounted::with("a", &["--max-age", "0"]);
    let (mut editor, file) = (Editor::new(), mounted.file());
    assert_eq!(editor.reads(&file), lines("a"));
    mounted.server().store().add_elsewhere(&mounted.project, "colleague").unwrap();
    editor.asks("append", &file, &lines("captured"));
    editor.writes(&file, &lines("a mine"));
    let tree = mounted.tree();
    assert!(tree.contains("colleague") && !tree.contains("captured"), "{tree}");
    mounted.end();
}

#[test]
fn a_project_renamed_in_the_app_gets_the_save_under_its_new_name() {
    for (how, over_a_mount) in [("write", false), ("replace", false), ("write", true)] {
        let mounted = Mounted::with("a\nb", &["--max-age", "0"]);
        let (mut editor, file) = (Editor::new(), mounted.file());
        assert_eq!(editor.reads(&file), lines("a b"));
        mounted.server().store().rename_elsewhere(&mounted.project, "Fresh").unwrap();
        if over_a_mount {
            kill(&mounted);
            mounted.end();
            mounted.begin();
        }
        assert_eq!(mounted.ok("ls"), "Fresh.md\n");
        // To anybody else the old name is none.
        until("the old name to go", || !mounted.sh("cat Plan.md").status.success());
        editor.asks(how, &file, &lines("a b mine"));
        assert_eq!(mounted.tree(), "a\nb\nmine\n", "{how}");
        until("one project", || mounted.ok("ls") == "Fresh.md\n");
        assert_eq!(mounted.ok("cat Fresh.md"), lines("a b mine"));
        assert!(mounted.server().store().find_projects("Plan").unwrap().is_empty(), "{how}");
        // It goes on like that.
        editor.asks(how, &file, &lines("a b mine more"));
        assert_eq!(mounted.ok("cat Fresh.md"), lines("a b mine more"));
        mounted.end();
    }
}

#[test]
fn an_old_buffer_of_an_agent_overrides_nothing_that_it_did_not_have() {
    for killed in [false, true] {
        let mut scout = None;
        let flags = ["--max-age", "0"];
        let mounted = Mounted::on(Quirks::default(), "a", &flags, |store, workspace| {
            scout = Some(store.add_agent(workspace, "Scout", "Look.").unwrap());
        });
        let (scout, mut editor) = (scout.unwrap(), Editor::new());
        let file = mounted.acme().join(".taskade/agents/Scout/agent.json");
        let mut read: Value = serde_json::from_str(&editor.reads(&file)).unwrap();
        if killed {
            kill(&mounted);
        }
        mounted.end();
        mounted.begin();
        let set = |key: &str, value: &str| {
            let change = |_: &mut String, data: &mut Map<String, Value>| {
                data.insert(key.to_owned(), value.into());
            };
            mounted.server().store().change_agent_elsewhere(&scout, change).unwrap();
        };
        set("tone", "warm");
        set("description", "Theirs.");
        until("it is seen by others", || {
            mounted.ok("cat .taskade/agents/*/*.json").contains("warm")
        });
        read["data"]["description"] = "Ours.".into();
        editor.writes(&file, &read.to_string());
        let data = || mounted.ok("jq -c .data .taskade/agents/Scout/agent.json");
        let wanted = json!({ "commands": [], "description": "Ours.", "tone": "warm" });
        assert_eq!(serde_json::from_str::<Value>(&data()).unwrap(), wanted, "killed: {killed}");
        assert!(mounted.ok("cat ../.taskade/conflicts/*").contains("Theirs."));
        mounted.end();
    }
}
