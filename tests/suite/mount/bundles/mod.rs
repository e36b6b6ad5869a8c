//! `taskadefs bundle` and `taskadefs share` on real mounts: files are made whole or not at all, imports
//! are checked, counted and sent once, and what came is named.

mod export;
mod import;
mod share;
mod under_way;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use taskadefs::{
    ids::SpaceId,
    server::{Quirks, Store},
};

use crate::support::mount::{Mounted, PROGRAM, run, said};

/// The mount of a service with the workspaces `Acme`, in whose folder `Sales` is more, and `Beta`.
struct Scene {
    mounted: Mounted,
    acme: SpaceId,
    sales: SpaceId,
    beta: SpaceId,
}

impl Scene {
    fn new() -> Self {
        Self::on(Quirks::default(), &[])
    }

    fn on(quirks: Quirks, flags: &[&str]) -> Self {
        let mut spaces = None;
        let seed = |store: &Store, acme: &SpaceId| {
            store.add_project(acme, "Notes", "one\ntwo").unwrap();
            store.add_media(acme, "a.bin", "application/octet-stream", b"12345").unwrap();
            let sales = store.add_folder(acme, "Sales").unwrap();
            store.add_project(&sales, "Leads", "Ann").unwrap();
            spaces = Some((acme.clone(), sales, store.add_workspace("Beta").unwrap()));
        };
        let mounted = Mounted::on(quirks, "a\n  b [x]\nc **d** \"e\"", flags, seed);
        let (acme, sales, beta) = spaces.unwrap();
        fs::create_dir(mounted.dir.path().join("out")).unwrap();
        Self { mounted, acme, sales, beta }
    }

    /// Where files are put.
    fn out(&self) -> PathBuf {
        self.mounted.dir.path().join("out")
    }

    /// What is there, by name.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.out()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.out());
        command.env("TASKADEFS_STATE_DIR", self.mounted.dir.path().join("state"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments))
    }

    fn export(&self, folder: &str, file: &str) -> Output {
        self.run(&["bundle", "export", &format!("../mnt/{folder}"), file])
    }

    fn import(&self, workspace: &str, file: &str) -> Output {
        self.run(&["bundle", "import", &format!("../mnt/{workspace}"), file])
    }

    /// Exports, which must succeed, and forgets the requests.
    fn exported(&self, folder: &str, file: &str) {
        let output = self.export(folder, file);
        assert!(output.status.success(), "{}", said(&output));
        self.mounted.server().log().clear();
    }

    /// The requests so far, and forgets them.
    fn requests(&self) -> Vec<String> {
        let requests = self.mounted.server().log().requests().into_iter();
        let lines =
            requests.map(|request| format!("{} {}", request.method, request.path)).collect();
        self.mounted.server().log().clear();
        lines
    }

    /// The imports so far, by their paths.
    fn imports(&self) -> Vec<String> {
        let writes = self.mounted.server().log().writes().into_iter();
        writes.map(|write| write.path).filter(|path| path.contains("/import")).collect()
    }

    /// The text of a file in the mount.
    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.mounted.root.join(path)).unwrap()
    }
}

/// The files below a directory, with how long those are that do not grow by themselves.
fn files(dir: &Path) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        let grows = |ending: &str| path.to_string_lossy().ends_with(ending);
        if metadata.is_dir() {
            found.extend(files(&path));
        } else if !grows("-wal") && !grows("-shm") {
            let is_noted = [".ndjson", "log", "json", "cache", "journal"].into_iter().any(grows);
            found.insert(path, if is_noted { 0 } else { metadata.len() });
        }
    }
    found
}

/// The one line that a command that failed says.
#[track_caller]
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(words.lines().count(), 1, "{words}");
    words
}
