//! Every shape of a save by every editor, one after the other on one mount: each save is one
//! request or none, on top of what the saves before it made.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use crate::support::mount::Mounted;

/// A shape of a save. The project is `a`, a block of ten tasks that `b` heads, `c` and `d`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Saved as it was read.
    Unchanged,
    /// The last line, `d`, becomes `D`.
    Changed,
    /// The box of `a` is ticked.
    Ticked,
    /// Five lines more at the end.
    Added,
    /// The block goes to the end.
    Moved,
    /// The block, now at the end, goes altogether.
    Deleted,
}

const SHAPES: [Shape; 6] =
    [Shape::Unchanged, Shape::Changed, Shape::Ticked, Shape::Added, Shape::Moved, Shape::Deleted];

impl Shape {
    /// The edit as a command of ed, which vim's command line understands as well. `FIVE` is a
    /// file with the five lines.
    fn command(self) -> &'static str {
        match self {
            Self::Unchanged => "1",
            Self::Changed => "13s/d/D/",
            Self::Ticked => r"1s/\[ \]/[x]/",
            Self::Added => "$r FIVE",
            Self::Moved => "2,11m$",
            Self::Deleted => "9,18d",
        }
    }

    /// The edit as a script of sed.
    fn sed(self) -> &'static str {
        match self {
            Self::Unchanged => "",
            Self::Moved => r"2,11{H;d};${G;s/\n\n/\n/}",
            shape => shape.command(),
        }
    }

    /// The edit as a Perl expression on the whole text.
    fn perl(self) -> &'static str {
        match self {
            Self::Unchanged => "1",
            Self::Changed => r"s/\] d/] D/",
            Self::Ticked => r"s/\[ \]/[x]/",
            Self::Added => r#"$_ .= join "", map { "- [ ] n$_\n" } 1..5"#,
            Self::Moved => r"s/^(.*\n)((?:.*\n){10})((?s).*)/$1$3$2/",
            Self::Deleted => r"s/^((?:.*\n){8})(?:.*\n){10}/$1/",
        }
    }

    /// The edit as Emacs Lisp.
    fn elisp(self) -> &'static str {
        match self {
            Self::Unchanged => "(progn (insert \" \") (delete-char -1))",
            Self::Changed => "(progn (search-forward \"] d\") (replace-match \"] D\" t))",
            Self::Ticked => "(progn (search-forward \"[ ]\") (replace-match \"[x]\"))",
            Self::Added => "(progn (goto-char (point-max)) (insert-file-contents \"FIVE\"))",
            Self::Moved => {
                "(progn (forward-line 1) (kill-region (point) (progn (forward-line 10) (point))) (goto-char (point-max)) (yank))"
            }
            Self::Deleted => "(progn (forward-line 8) (delete-region (point) (point-max)))",
        }
    }

    /// The requests that it comes to, where `t…` are the tasks before it.
    fn writes(self) -> Vec<String> {
        let one = |request: &str| vec![request.to_owned()];
        match self {
            Self::Unchanged => Vec::new(),
            Self::Changed => one(r#"PUT /tasks/t13 {"content":"D","contentType":"text/plain"}"#),
            Self::Ticked => one("POST /tasks/t1/complete"),
            Self::Added => {
                let task = |n| {
                    format!(
                        r#"{{"content":"n{n}","contentType":"text/plain","placement":"beforeend"}}"#
                    )
                };
                let tasks: Vec<String> = (1..=5).map(task).collect();
                one(&format!(r#"POST /tasks/ {{"tasks":[{}]}}"#, tasks.join(",")))
            }
            Self::Moved => {
                one(r#"PUT /tasks/t2/move {"target":{"position":"afterend","taskId":"t18"}}"#)
            }
            Self::Deleted => one("DELETE /tasks/t9"),
        }
    }

    /// The tasks that there are after it.
    fn tree(self) -> String {
        let below: String = (1..=9).map(|n| format!("  b{n}\n")).collect();
        let five = "n1\nn2\nn3\nn4\nn5\n";
        match self {
            Self::Unchanged => format!("a\nb\n{below}c\nd\n"),
            Self::Changed => format!("a\nb\n{below}c\nD\n"),
            Self::Ticked => format!("x a\nb\n{below}c\nD\n"),
            Self::Added => format!("x a\nb\n{below}c\nD\n{five}"),
            Self::Moved => format!("x a\nc\nD\n{five}b\n{below}"),
            Self::Deleted => format!("x a\nc\nD\n{five}"),
        }
    }
}

/// The tasks of a tree as the project's text.
fn text_of(tree: &str) -> String {
    let line = |line: &str| {
        let task = line.trim_start();
        let indent = " ".repeat(line.len() - task.len());
        match task.strip_prefix("x ") {
            Some(done) => format!("{indent}- [x] {done}\n"),
            None => format!("{indent}- [ ] {task}\n"),
        }
    };
    tree.lines().map(line).collect()
}

/// A mount with the project, and the five lines in a file outside it.
struct Desk {
    mounted: Mounted,
    five: PathBuf,
}

impl Desk {
    /// Where the text after an edit is put for programs that only copy, outside the mount.
    fn new_text(&self, shape: Shape) -> PathBuf {
        let path = self.mounted.dir.path().join("new.md");
        fs::write(&path, text_of(&shape.tree())).unwrap();
        path
    }
}

/// Saves in every shape, one after the other, and looks at the requests of each.
fn saves(flags: &[&str], save: impl Fn(&Desk, Shape)) {
    let mounted = Mounted::with(Shape::Unchanged.tree().trim_end(), flags);
    let five = mounted.dir.path().join("five");
    fs::write(&five, text_of("n1\nn2\nn3\nn4\nn5")).unwrap();
    let desk = Desk { mounted, five };
    let mounted = &desk.mounted;
    for shape in SHAPES {
        let ids = mounted.ids();
        mounted.text();
        save(&desk, shape);
        assert_eq!(mounted.writes(&ids), shape.writes(), "{shape:?}");
        assert_eq!(mounted.tree(), shape.tree(), "{shape:?}");
        assert_eq!(mounted.text(), text_of(&shape.tree()), "{shape:?}");
    }
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0], "what waited for a grace");
}

/// Saves with a shell command in which `EDIT` stands for the edit and `NEW` for a file that has
/// the text as it will be.
fn saves_by(script: &str, edit: fn(Shape) -> &'static str) {
    saves(&[], |desk, shape| {
        let five = desk.five.display().to_string();
        let new = desk.new_text(shape).display().to_string();
        let edit = edit(shape).replace("FIVE", &five);
        desk.mounted.ok(&script.replace("EDIT", &edit).replace("NEW", &new));
    });
}

/// Saves with a program that only puts a text in place.
fn saves_copying(script: &str) {
    saves_by(script, |_| "");
}

/// vim makes no backups below /tmp, where the mounts are, unless it is told to.
fn saves_by_vim(setting: &str) {
    let vim = "vim -es -u NONE -N --cmd 'set backupskip='";
    saves_by(&format!("{vim} --cmd 'set {setting}' -c 'EDIT' -c wq Plan.md"), Shape::command);
}

#[test]
fn vim_with_backupcopy_auto() {
    saves_by_vim("writebackup backupcopy=auto");
}

#[test]
fn vim_with_backupcopy_no() {
    saves_by_vim("writebackup backupcopy=no");
}

#[test]
fn vim_with_backupcopy_yes() {
    saves_by_vim("writebackup backupcopy=yes");
}

#[test]
fn vim_without_any_backup() {
    saves_by_vim("nowritebackup noswapfile");
}

#[test]
fn neovim() {
    saves_by("nvim --headless -u NONE -c 'EDIT' -c wq Plan.md", Shape::command);
}

#[test]
fn ed() {
    saves_by("printf '%s\\n' 'EDIT' w q | ed -s Plan.md", Shape::command);
}

#[test]
fn emacs() {
    saves_by(
        "emacs -Q --batch --eval '(progn (find-file \"Plan.md\") EDIT (save-buffer))'",
        Shape::elisp,
    );
}

#[test]
fn emacs_with_backups_and_their_copies() {
    saves_by(
        "emacs -Q --batch --eval '(progn (setq make-backup-files t backup-by-copying t) (find-file \"Plan.md\") EDIT (save-buffer))'",
        Shape::elisp,
    );
}

#[test]
fn emacs_with_backups_by_renaming() {
    saves_by(
        "emacs -Q --batch --eval '(progn (setq make-backup-files t backup-by-copying nil vc-handled-backends nil) (find-file \"Plan.md\") EDIT (save-buffer))'",
        Shape::elisp,
    );
}

#[test]
fn sed() {
    saves_by("sed -i -e 'EDIT' Plan.md", Shape::sed);
}

#[test]
fn perl() {
    saves_by("perl -0777 -i -pe 'EDIT' Plan.md", Shape::perl);
}

#[test]
fn a_redirect() {
    saves_copying("cat NEW > Plan.md");
}

#[test]
fn a_group_of_commands() {
    saves_copying("{ head -n 3 NEW; tail -n +4 NEW | head -n 2; tail -n +6 NEW; } > Plan.md");
}

#[test]
fn copying_over() {
    saves_copying("cp NEW Plan.md");
}

#[test]
fn copying_over_with_everything() {
    saves_copying("cp -a NEW Plan.md");
}

#[test]
fn moving_over() {
    saves_copying("mv NEW Plan.md");
}

#[test]
fn installing_over() {
    saves_copying("install -m 644 NEW Plan.md");
}

#[test]
fn tee() {
    saves_copying("tee Plan.md < NEW > /dev/null");
}

#[test]
fn patch() {
    saves_copying("diff -u Plan.md NEW > $HOME/p; patch -s Plan.md $HOME/p");
}

#[test]
fn rsync() {
    saves_copying("rsync -a --checksum NEW Plan.md");
}

#[test]
fn tar() {
    saves_copying("cp NEW $HOME/Plan.md && tar -C $HOME -cf - Plan.md | tar -xf -");
}

#[test]
fn write_file_atomic_of_node() {
    saves(&[], |desk, shape| {
        let temporary = desk.mounted.acme().join("Plan.md.3141592");
        let mut file = fs::File::create(&temporary).unwrap();
        file.write_all(&fs::read(desk.new_text(shape)).unwrap()).unwrap();
        file.sync_all().unwrap();
        drop(file);
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o644)).unwrap();
        fs::rename(&temporary, desk.mounted.file()).unwrap();
    });
}

#[test]
fn vs_code() {
    saves(&[], |desk, shape| {
        let text = fs::read(desk.new_text(shape)).unwrap();
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).truncate(true).create(true).open(desk.mounted.file()).unwrap();
        file.write_all(&text).unwrap();
    });
}

#[test]
fn jetbrains() {
    saves(&[], |desk, shape| {
        let path = |suffix: &str| desk.mounted.acme().join(format!("Plan.md{suffix}"));
        fs::copy(desk.new_text(shape), path("___jb_tmp___")).unwrap();
        fs::rename(path(""), path("___jb_old___")).unwrap();
        fs::rename(path("___jb_tmp___"), path("")).unwrap();
        fs::remove_file(path("___jb_old___")).unwrap();
    });
}

#[test]
fn deleting_and_writing_again() {
    saves_copying("rm Plan.md && cp NEW Plan.md");
}

#[test]
fn a_file_system_asked_for_fresh_text_each_time() {
    saves(&["--max-age", "0"], |desk, shape| {
        fs::copy(desk.new_text(shape), desk.mounted.file()).unwrap();
    });
}
