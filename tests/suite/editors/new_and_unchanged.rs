//! What editors do beside changing a file that is there: new projects, unchanged saves on a
//! terminal, refusals that they show, leavings of theirs.

use std::{fs, path::Path};

use crate::support::mount::{Mounted, attribute, on_terminal, said};

const TASKS: &str = "one\n  one.a\ntwo\nthree";

/// vim makes no backups below /tmp, where the mounts are, unless it is told to.
const VIM: &str = "vim -es -u NONE -N --cmd 'set backupskip='";

/// An editor makes a project of two tasks: one request, whatever scratch it needs on the way.
fn makes_a_project(make: impl FnOnce(&Mounted)) {
    let mounted = Mounted::of(TASKS);
    make(&mounted);
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 1, "{writes:?}");
    let content = "POST /projects {\"content\":\"# New\\n\\n- a\\n  - b\\n\"";
    assert!(writes[0].starts_with(content), "{writes:?}");
    let found = mounted.server().store().find_projects("New").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(mounted.server().store().tree(&found[0].0).unwrap(), "a\n  b\n");
    assert_eq!(fs::read_to_string(mounted.acme().join("New.md")).unwrap(), NEW);
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0], "what waited for a grace");
    mounted.begin();
    assert_eq!(fs::read_to_string(mounted.acme().join("New.md")).unwrap(), NEW);
    assert_eq!(mounted.ok("ls"), "New.md\nPlan.md\n");
}

const NEW: &str = "- [ ] a\n  - [ ] b\n";

/// A shell command that writes New.md; `$HOME/new` has its text.
fn makes_by(script: &str) {
    makes_a_project(|mounted| {
        fs::write(mounted.dir.path().join("new"), NEW).unwrap();
        mounted.ok(script);
    });
}

#[test]
fn vim_makes_a_project() {
    makes_by(&format!("{VIM} -c '0r {}' -c wq New.md", "$HOME/new"));
}

#[test]
fn neovim_makes_a_project() {
    makes_by("nvim --headless -u NONE -c '0r $HOME/new' -c '$d' -c wq New.md");
}

#[test]
fn emacs_makes_a_project() {
    makes_by(
        "emacs -Q --batch --eval '(progn (find-file \"New.md\") (insert-file-contents \"~/new\") (save-buffer))'",
    );
}

#[test]
fn ed_makes_a_project() {
    makes_by("printf 'r %s\\nw\\nq\\n' $HOME/new | ed -s New.md");
}

#[test]
fn nano_makes_a_project() {
    makes_a_project(|mounted| {
        let steps = [("New File", "- [ ] a\r  - [ ] b"), ("b", "\x13"), ("Wrote", "\x18")];
        on_terminal("nano", &["-I", "New.md"], &mounted.acme(), &steps);
    });
}

#[test]
fn copying_makes_a_project() {
    makes_by("cp $HOME/new New.md");
}

#[test]
fn moving_makes_a_project() {
    makes_by("mv $HOME/new New.md");
}

#[test]
fn renaming_scratch_makes_a_project() {
    makes_by("cp $HOME/new draft.tmp && mv draft.tmp New.md");
}

#[test]
fn tee_and_redirects_make_a_project() {
    makes_by("tee New.md < $HOME/new > /dev/null");
    makes_by("cat $HOME/new > New.md");
    makes_by("cat $HOME/new >> New.md");
    makes_by("{ head -n 1 $HOME/new; tail -n 1 $HOME/new; } > New.md");
}

#[test]
fn rsync_makes_a_project() {
    makes_by("cp $HOME/new $HOME/New.md && rsync -a $HOME/New.md .");
}

#[test]
fn patch_makes_a_project() {
    makes_by(
        "diff -u /dev/null $HOME/new | sed '2s/.*/+++ New.md/' > $HOME/p; patch -s -p0 < $HOME/p",
    );
}

/// Opened and saved on a terminal without a change: nothing is sent.
fn saves_nothing(program: &str, arguments: &[&str], steps: &[(&str, &str)]) {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    let modified = fs::metadata(mounted.file()).unwrap().modified().unwrap();
    on_terminal(program, arguments, &mounted.acme(), steps);
    assert_eq!(mounted.text(), text);
    assert_eq!(fs::metadata(mounted.file()).unwrap().modified().unwrap(), modified);
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), "one\n  one.a\ntwo\nthree\n");
}

#[test]
fn vim_on_a_terminal_saves_nothing_unchanged() {
    saves_nothing(
        "vim",
        &["-u", "NONE", "-N", "Plan.md"],
        &[("three", ":w\r"), ("written", ":q\r")],
    );
}

#[test]
fn nano_saves_nothing_unchanged() {
    // A letter and its deletion make the buffer modified.
    let steps = [("three", "x\x7f\x13"), ("Wrote", "\x18")];
    saves_nothing("nano", &["-I", "Plan.md"], &steps);
}

#[test]
fn micro_saves_nothing_unchanged() {
    saves_nothing("micro", &["Plan.md"], &[("three", "x\x7f\x13"), ("Saved", "\x11")]);
}

#[test]
fn emacs_on_a_terminal_saves_nothing_unchanged() {
    let steps = [("three", "x\x7f\x18\x13"), ("Wrote", "\x18\x03")];
    saves_nothing("emacs", &["-Q", "-nw", "Plan.md"], &steps);
}

#[test]
fn editors_leave_nothing_behind() {
    let mounted = Mounted::of(TASKS);
    mounted.ok(&format!("{VIM} -c '%s/two/2/' -c wq Plan.md"));
    mounted.ok("nvim --headless -u NONE -c '%s/2/zwei/' -c wq Plan.md");
    mounted.ok("sed -i s/zwei/deux/ Plan.md && perl -i -pe s/deux/due/ Plan.md");
    mounted.ok("cp Plan.md $HOME/Plan.md && echo '- [ ] four' >> $HOME/Plan.md");
    mounted.ok("rsync $HOME/Plan.md .");
    assert_eq!(mounted.ok("ls -A"), "Plan.md\n");
    assert_eq!(mounted.tree(), "one\n  one.a\ndue\nthree\nfour\n");
}

#[test]
fn a_swap_file_outlives_its_editor_and_recovers_what_was_not_saved() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    let killed = mounted.sh(&format!(
        "{VIM} -c '%s/two/2/' -c preserve -c 'call system(\"kill -9 \" . getpid())' Plan.md"
    ));
    assert!(!killed.status.success());
    assert!(mounted.acme().join(".Plan.md.swp").exists());
    assert_eq!(mounted.writes(&[]), [""; 0], "nothing was saved");
    mounted.ok("vim -es -u NONE -N -r -c 'w! Plan.md' -c q Plan.md; rm .Plan.md.swp");
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n");
    assert_eq!(mounted.writes(&[]).len(), 1);
}

#[test]
fn editors_show_that_a_save_was_refused() {
    for editor in [
        &format!("{VIM} -c 'call append(0, [\"```\", \"x\", \"```\"])' -c wq Plan.md"),
        "emacs -Q --batch --eval '(progn (find-file \"Plan.md\") (goto-char (point-max)) (insert \"```\\ncode\\n```\\n\") (save-buffer))'",
        "printf '```\\ncode\\n```\\n' | cp /dev/stdin Plan.md",
        "printf '```\\ncode\\n```\\n' > $HOME/n && mv $HOME/n Plan.md",
        "printf '```\\ncode\\n```\\n' | dd status=none of=Plan.md conv=fsync",
        "sed -i '1i ```' Plan.md",
    ] {
        let mounted = Mounted::of(TASKS);
        let output = mounted.sh(editor);
        assert!(!output.status.success(), "{editor}: {}", said(&output));
        assert_eq!(mounted.writes(&[]), [""; 0], "{editor}");
        assert_eq!(mounted.tree(), "one\n  one.a\ntwo\nthree\n");
        mounted.end();
        assert_eq!(mounted.writes(&[]), [""; 0], "{editor}");
    }
}

#[test]
fn vim_shows_a_refusal_and_saves_what_is_mended() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.text();
    let steps = [
        ("three", ":$put='<div>'\r"),
        ("<div>", ":w\r"),
        // It has put its backup back, and may ask about a change where that was a second ago.
        ("E512", "\r:$d\r:%s/two/2/\r:w!\r"),
        ("written", ":q\r"),
    ];
    let arguments = ["-u", "NONE", "-N", "--cmd", "set backupskip=", "Plan.md"];
    on_terminal("vim", &arguments, &mounted.acme(), &steps);
    let put = r#"PUT /tasks/t3 {"content":"2","contentType":"text/plain"}"#;
    assert_eq!(mounted.writes(&ids), [put]);
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n");
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("clean"));
    assert_eq!(attribute(&mounted.file(), "user.taskade.error"), None);
}

#[test]
fn a_refused_text_is_read_back_and_mended_by_another_program() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.text();
    assert!(
        !mounted
            .sh("printf '<div>\n' | dd of=Plan.md oflag=append conv=notrunc,fsync")
            .status
            .success()
    );
    assert!(mounted.text().ends_with("<div>\n"), "{}", mounted.text());
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("rejected"));
    mounted.ok("sed -i -e '$d' -e 's/two/2/' Plan.md");
    let put = r#"PUT /tasks/t3 {"content":"2","contentType":"text/plain"}"#;
    assert_eq!(mounted.writes(&ids), [put]);
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("clean"));
}

#[test]
fn renaming_and_moving_projects_as_shells_do() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("mv Plan.md 'The plan.md'");
    assert_eq!(mounted.ok("ls"), "The plan.md\n");
    assert_eq!(mounted.ok("cat 'The plan.md'").lines().count(), 4);
    mounted.end();
    mounted.begin();
    assert_eq!(mounted.ok("ls"), "The plan.md\n");
    let found = mounted.server().store().find_projects("The plan").unwrap();
    let open: Vec<_> = found.iter().filter(|(_, archived)| !archived).collect();
    assert_eq!(open.len(), 1, "{found:?}");
    assert_eq!(mounted.server().store().tree(&open[0].0).unwrap(), "one\n  one.a\ntwo\nthree\n");
}

#[test]
fn what_is_read_agrees_whoever_reads_it() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    let away = mounted.dir.path().join("away");
    fs::create_dir(&away).unwrap();
    mounted.ok("rsync -a . $HOME/away/ && rsync -a --checksum --itemize-changes . $HOME/away/");
    assert_eq!(mounted.ok("rsync -a --checksum --out-format=%n ./ $HOME/away/"), "");
    let copied = |name: &str| fs::read_to_string(away.join(Path::new(name))).unwrap();
    assert_eq!(copied("Plan.md"), text);
    mounted.ok("cp -r . $HOME/copy && diff -r . $HOME/copy");
    mounted.ok("tar -cf $HOME/t.tar . && tar -df $HOME/t.tar");
    mounted.ok("test $(stat -c %s Plan.md) = $(cat Plan.md | wc -c)");
    mounted.ok(
        "test \"$(head -c 5 Plan.md)\" = '- [ ]' && test \"$(tail -n 1 Plan.md)\" = '- [ ] three'",
    );
    assert_eq!(mounted.writes(&[]), [""; 0]);
}
