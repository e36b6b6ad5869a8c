//! Saves by real editors and tools on a real mount: the tasks that come of them, and the exact
//! requests.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    process::Command,
};

use crate::support::mount::{Mounted, on_terminal, until};

const TASKS: &str = "one\n  one.a\ntwo\nthree";

/// One changed line is one PUT, whoever changes it.
fn changes_one_line(editor: impl FnOnce(&Mounted)) {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.text();
    editor(&mounted);
    let put = r#"PUT /tasks/t3 {"content":"2","contentType":"text/plain"}"#;
    assert_eq!(mounted.writes(&ids), [put]);
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n");
    assert_eq!(mounted.text(), "- [ ] one\n  - [ ] one.a\n- [ ] 2\n- [ ] three\n");
    // What waits for a grace would be sent now at the latest.
    mounted.end();
    assert_eq!(mounted.writes(&ids), [""; 0]);
}

/// A shell command that changes `two` to `2` in Plan.md.
fn changes_by(script: &str) {
    changes_one_line(|mounted| {
        mounted.ok(script);
    });
}

/// Without `backupskip` vim makes no backups below /tmp, where the mounts are.
const VIM: &str = "vim -es -u NONE -N --cmd 'set backupskip='";

#[test]
fn vim_by_default() {
    changes_by(&format!("{VIM} -c '%s/two/2/' -c wq Plan.md"));
}

#[test]
fn vim_with_backupcopy_yes() {
    changes_by(&format!(
        "{VIM} --cmd 'set writebackup backupcopy=yes' -c '%s/two/2/' -c wq Plan.md"
    ));
}

#[test]
fn vim_with_backupcopy_no() {
    changes_by(&format!(
        "{VIM} --cmd 'set writebackup backupcopy=no' -c '%s/two/2/' -c wq Plan.md"
    ));
}

#[test]
fn vim_with_backupcopy_auto_and_a_kept_backup() {
    changes_by(&format!(
        "{VIM} --cmd 'set backup writebackup backupcopy=auto' -c '%s/two/2/' -c wq Plan.md && test -e Plan.md~"
    ));
}

#[test]
fn vim_on_a_terminal() {
    changes_one_line(|mounted| {
        let steps = [("three", ":%s/two/2/\r"), ("2", ":wq\r")];
        on_terminal("vim", &["-u", "NONE", "-N", "Plan.md"], &mounted.acme(), &steps);
    });
}

#[test]
fn neovim() {
    changes_by("nvim --headless -u NONE -c '%s/two/2/' -c wq Plan.md");
}

#[test]
fn nano() {
    changes_one_line(|mounted| {
        let steps = [
            ("three", "\x1c"),
            ("Search", "two\r"),
            ("Replace with", "2\r"),
            ("this instance", "A"),
            ("Replaced", "\x13"),
            ("Wrote", "\x18"),
        ];
        on_terminal("nano", &["-I", "Plan.md"], &mounted.acme(), &steps);
    });
}

#[test]
fn emacs_in_batch() {
    changes_by(
        "emacs -Q --batch --eval '(progn (find-file \"Plan.md\") (search-forward \"two\") (replace-match \"2\") (save-buffer))'",
    );
}

#[test]
fn emacs_on_a_terminal() {
    changes_one_line(|mounted| {
        let steps = [
            ("three", "\x1b%"),
            ("Query replace", "two\r"),
            ("with", "2\r"),
            ("Query replacing", "!"),
            ("Replaced", "\x18\x13"),
            ("Wrote", "\x18\x03"),
        ];
        on_terminal("emacs", &["-Q", "-nw", "Plan.md"], &mounted.acme(), &steps);
    });
}

#[test]
fn micro() {
    changes_one_line(|mounted| {
        let steps = [
            ("three", "\x05"),
            (">", "replaceall two 2\r"),
            ("Replaced", "\x13"),
            ("Saved", "\x11"),
        ];
        on_terminal("micro", &["Plan.md"], &mounted.acme(), &steps);
    });
}

#[test]
fn ed() {
    changes_by(r"printf '3s/two/2/\nw\nq\n' | ed -s Plan.md");
}

#[test]
fn sed_in_place() {
    changes_by("sed -i 's/two/2/' Plan.md");
}

#[test]
fn perl_in_place() {
    changes_by("perl -i -pe 's/two/2/' Plan.md");
}

#[test]
fn copying_over() {
    changes_by("sed 's/two/2/' Plan.md > $HOME/new && cp $HOME/new Plan.md");
}

#[test]
fn moving_over_from_elsewhere() {
    changes_by("sed 's/two/2/' Plan.md > $HOME/new && mv $HOME/new Plan.md");
}

#[test]
fn moving_over_from_beside() {
    changes_by("sed 's/two/2/' Plan.md > Plan.tmp && mv Plan.tmp Plan.md");
}

#[test]
fn a_redirect() {
    changes_by("new=$(sed 's/two/2/' Plan.md) && printf '%s\\n' \"$new\" > Plan.md");
}

#[test]
fn a_group_that_is_redirected() {
    changes_by(
        "sed 's/two/2/' Plan.md > $HOME/new && { head -n 2 $HOME/new; tail -n +3 $HOME/new; } > Plan.md",
    );
}

#[test]
fn tee() {
    changes_by("sed 's/two/2/' Plan.md > $HOME/new && tee Plan.md < $HOME/new > /dev/null");
}

#[test]
fn patch() {
    changes_by("sed 's/two/2/' Plan.md | diff -u Plan.md - > $HOME/p; patch -s Plan.md $HOME/p");
}

#[test]
fn rsync() {
    changes_by("sed 's/two/2/' Plan.md > $HOME/Plan.md && rsync -a $HOME/Plan.md Plan.md");
}

#[test]
fn rsync_in_place() {
    changes_by("sed 's/two/2/' Plan.md > $HOME/Plan.md && rsync --inplace $HOME/Plan.md Plan.md");
}

#[test]
fn dd() {
    changes_by("sed 's/two/2/' Plan.md > $HOME/new && dd status=none if=$HOME/new of=Plan.md bs=7");
}

#[test]
fn git_checkout_with_the_work_tree_in_the_mount() {
    let git = "git -c user.name=a -c user.email=a@b.example -c init.defaultBranch=main";
    changes_by(&format!(
        "cp Plan.md $HOME/old && {git} init -q && sed 's/two/2/' Plan.md > $HOME/new \
         && {git} add Plan.md && {git} commit -qm old && blob=$({git} hash-object -w $HOME/new) \
         && {git} update-index --cacheinfo 100644,$blob,Plan.md && {git} commit -qm new \
         && {git} checkout -q -- Plan.md && test -z \"$({git} status --porcelain)\""
    ));
}

#[test]
fn a_program_that_writes_in_place_as_vs_code_does() {
    changes_one_line(|mounted| {
        let text = mounted.text().replace("two", "2");
        let mut file = OpenOptions::new()
            .write(true)
            .truncate(true)
            .create(true)
            .open(mounted.file())
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.sync_all().unwrap();
    });
}

#[test]
fn the_dance_of_jetbrains() {
    changes_one_line(|mounted| {
        let path = |suffix: &str| mounted.acme().join(format!("Plan.md{suffix}"));
        fs::write(path("___jb_tmp___"), mounted.text().replace("two", "2")).unwrap();
        fs::rename(path(""), path("___jb_old___")).unwrap();
        fs::rename(path("___jb_tmp___"), path("")).unwrap();
        fs::remove_file(path("___jb_old___")).unwrap();
    });
}

#[test]
fn an_atomic_write_as_node_does() {
    changes_one_line(|mounted| {
        let temporary = mounted.acme().join("Plan.md.1234567");
        let mut file = fs::File::create_new(&temporary).unwrap();
        file.write_all(mounted.text().replace("two", "2").as_bytes()).unwrap();
        file.sync_all().unwrap();
        drop(file);
        fs::rename(&temporary, mounted.file()).unwrap();
    });
}

#[test]
fn reading_and_writing_through_one_descriptor() {
    changes_one_line(|mounted| {
        let mut file = OpenOptions::new().read(true).write(true).open(mounted.file()).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let text = text.replace("two", "2");
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.set_len(text.len() as u64).unwrap();
    });
}

/// What a script comes to, on `a`, a block of ten tasks below `b`, `c` and `d`.
fn comes_to(script: &str, writes: &[&str], tree: &str) {
    let below: String = (1..=9).map(|n| format!("  b{n}\n")).collect();
    let mounted = Mounted::of(&format!("a\nb\n{below}c\nd"));
    let ids = mounted.ids();
    mounted.text();
    mounted.ok(script);
    assert_eq!(mounted.writes(&ids), writes);
    assert_eq!(mounted.tree(), tree.replace("  BELOW\n", &below));
}

#[test]
fn an_unchanged_save_sends_nothing() {
    for editor in [
        &format!("{VIM} -c wq Plan.md"),
        "touch Plan.md",
        "sed -i s/x/x/ Plan.md",
        "cp Plan.md $HOME/p && cp $HOME/p Plan.md",
    ] {
        comes_to(editor, &[], "a\nb\n  BELOW\nc\nd\n");
    }
}

#[test]
fn a_ticked_box_is_one_post() {
    comes_to(
        "sed -i 's/\\[ \\] a/[x] a/' Plan.md",
        &["POST /tasks/t1/complete"],
        "x a\nb\n  BELOW\nc\nd\n",
    );
}

#[test]
fn five_added_lines_are_one_post() {
    let task =
        |n| format!(r#"{{"content":"{n}","contentType":"text/plain","placement":"beforeend"}}"#);
    let tasks: Vec<String> = (1..=5).map(task).collect();
    let post = format!(r#"POST /tasks/ {{"tasks":[{}]}}"#, tasks.join(","));
    comes_to(
        "printf -- '- [ ] %s\\n' 1 2 3 4 5 >> Plan.md",
        &[&post],
        "a\nb\n  BELOW\nc\nd\n1\n2\n3\n4\n5\n",
    );
}

#[test]
fn a_moved_block_of_ten_is_one_move() {
    let script = format!("{VIM} -c '2,11m$' -c wq Plan.md");
    let put = r#"PUT /tasks/t2/move {"target":{"position":"afterend","taskId":"t13"}}"#;
    comes_to(&script, &[put], "a\nc\nd\nb\n  BELOW\n");
}

#[test]
fn a_deleted_block_is_one_delete() {
    let script = format!("{VIM} -c '2,11d' -c wq Plan.md");
    comes_to(&script, &["DELETE /tasks/t2"], "a\nc\nd\n");
}

#[test]
fn two_saves_of_one_vim_are_two_saves_on_what_it_has_before_its_eyes() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    let script = format!("{VIM} -c '%s/two/2/' -c w -c '%s/three/3/' -c wq Plan.md");
    mounted.ok(&script);
    let put = |task, text| {
        format!(r#"PUT /tasks/{task} {{"content":"{text}","contentType":"text/plain"}}"#)
    };
    assert_eq!(mounted.writes(&ids), [put("t3", "2"), put("t4", "3")]);
}

#[test]
fn a_vim_that_is_told_of_a_change_elsewhere_does_not_undo_it() {
    let mounted = Mounted::with(TASKS, &["--max-age", "0"]);
    let ids = mounted.ids();
    let marker = mounted.dir.path().join("read");
    // vim itself would ask before it writes over what changed, so it is made not to look.
    let vim = format!(
        "{VIM} -c 'call writefile([], \"{}\")' -c 'while getfsize(\"{}\") >= 0 | sleep 20m | endwhile' -c '%s/two/2/' -c \"call writefile(getline(1, '$'), 'Plan.md')\" -c q! Plan.md",
        marker.display(),
        marker.display()
    );
    let mut child = Command::new("timeout")
        .args(["60", "bash", "-c", &vim])
        .current_dir(mounted.acme())
        .spawn()
        .unwrap();
    until("vim has read the file", || marker.exists());
    mounted.server().store().add_elsewhere(&mounted.project, "theirs").unwrap();
    assert!(mounted.text().contains("theirs"));
    fs::remove_file(&marker).unwrap();
    assert!(child.wait().unwrap().success());
    let put = r#"PUT /tasks/t3 {"content":"2","contentType":"text/plain"}"#;
    assert_eq!(mounted.writes(&ids), [put]);
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\ntheirs\n");
}
