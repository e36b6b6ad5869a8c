//! One working day against a service that is odd in every way that `taskade-api.md` leaves open:
//! whatever the way, the files and the service must agree at the end.

use std::{ffi::OsStr, sync::Arc, time::Duration};

use taskadefs::{
    api::HttpBackend,
    clock::SystemClock,
    ids::{ProjectId, SpaceId},
    server::{Fault, Quirks, Renaming, Running, Server, ServerConfig},
    sync::{Engine, Journal, Settings},
    vfs::{DirectoryEntry, Ino, OpenMode, ROOT, RenameMode, Vfs},
};

use crate::support::harness::me;

const READ: OpenMode = OpenMode { read: true, write: false, append: false, truncate: false };
const TRUNCATE: OpenMode = OpenMode { read: false, write: true, append: false, truncate: true };

/// Another program than this one: nobody knows which.
const OTHER: u32 = 0;

const PLAN: &str = "one\n  one.a\n  one.b\ntwo\nx three\n  three.a\nfour";

struct Day {
    server: Running,
    vfs: Arc<Vfs>,
    workspace: Ino,
    plan: ProjectId,
    _dir: tempfile::TempDir,
}

impl Day {
    async fn with(quirks: Quirks) -> Self {
        Self::on(quirks, PLAN).await
    }

    async fn on(quirks: Quirks, plan: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path().join("store"));
        config.quirks = quirks;
        let server = Server::start(config).await.unwrap();
        let workspace: SpaceId = server.store().add_workspace("Acme").unwrap();
        let plan = server.store().add_project(&workspace, "Plan", plan).unwrap();
        let clock = Arc::new(SystemClock);
        let backend = Arc::new(
            HttpBackend::new(&server.url(), Some(&server.token()), clock.clone()).unwrap(),
        );
        let journal = Arc::new(Journal::open(&dir.path().join("journal")).unwrap());
        let (engine, _) = Engine::new(backend, clock, journal, Settings::default()).unwrap();
        let (vfs, _) = Vfs::new(engine, dir.path().join("scratch"), 0, 0).unwrap();
        let workspace = vfs.lookup(ROOT, OsStr::new("Acme"), me()).await.unwrap().ino;
        Self { server, vfs, workspace, plan, _dir: dir }
    }

    async fn read(&self, name: &str) -> String {
        self.read_by(name, me()).await
    }

    async fn read_by(&self, name: &str, caller: u32) -> String {
        let ino = self.vfs.lookup(self.workspace, OsStr::new(name), caller).await.unwrap().ino;
        let opened = self.vfs.open(ino, READ, caller).await.unwrap();
        let bytes = self.vfs.read(opened.fh, 0, 1 << 22).await.unwrap();
        self.vfs.release(opened.fh).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    async fn write(&self, name: &str, text: &str) {
        let name = OsStr::new(name);
        let (_, opened) =
            self.vfs.create(self.workspace, name, 0o644, TRUNCATE, false, me()).await.unwrap();
        self.vfs.write(opened.fh, 0, text.as_bytes()).await.unwrap();
        self.vfs.flush(opened.fh, me()).await.unwrap();
        self.vfs.release(opened.fh).await.unwrap();
    }

    async fn edit(&self, name: &str, change: impl FnOnce(String) -> String) {
        let text = change(self.read(name).await);
        self.write(name, &text).await;
    }

    fn tree(&self, name: &str) -> String {
        let found = self.server.store().find_projects(name).unwrap();
        let (id, _) = found.iter().find(|(_, archived)| !archived).unwrap();
        self.server.store().tree(id).unwrap()
    }

    async fn names(&self) -> Vec<String> {
        let fh = self.vfs.opendir(self.workspace, me()).await.unwrap().fh;
        let mut entries = Vec::new();
        let mut take = |next: u64, entry: &DirectoryEntry| {
            entries.push((next, entry.clone()));
            false
        };
        self.vfs.readdir(fh, 2, &mut take).unwrap();
        self.vfs.releasedir(fh);
        entries.into_iter().map(|(_, entry)| entry.name.into_string().unwrap()).collect()
    }

    /// Reads, edits, ticks, adds, moves, deletes, creates, renames and removes.
    async fn live_through(&self) {
        assert_eq!(
            self.read("Plan.md").await,
            "- [ ] one\n  - [ ] one.a\n  - [ ] one.b\n- [ ] two\n- [x] three\n  - [ ] three.a\n- [ ] four\n"
        );
        self.edit("Plan.md", |text| text.replace("] two", "] 2")).await;
        self.edit("Plan.md", |text| text.replace("[ ] four", "[x] four")).await;
        self.edit("Plan.md", |text| {
            text.replace("- [ ] 2\n", "- [ ] 2\n  - [ ] new\n    - [x] deep\n")
        })
        .await;
        let block = "- [ ] one\n  - [ ] one.a\n  - [ ] one.b\n";
        self.edit("Plan.md", |text| format!("{}{block}", text.replace(block, ""))).await;
        self.edit("Plan.md", |text| text.replace("- [x] three\n  - [ ] three.a\n", "")).await;
        let last = "2\n  new\n    x deep\nx four\none\n  one.a\n  one.b\n";
        assert_eq!(self.tree("Plan"), last);
        self.write("New.md", "# New\n\n- a\n  - [x] b\n- c\n").await;
        assert_eq!(self.tree("New"), "a\n  x b\nc\n");
        let (from, to) = (OsStr::new("New.md"), OsStr::new("Newer.md"));
        let here = self.workspace;
        self.vfs.rename((here, from), (here, to), RenameMode::default(), me()).await.unwrap();
        assert_eq!(self.tree("Newer"), "a\n  x b\nc\n");
        assert_eq!(self.names().await, ["Plan.md", "Newer.md"]);
        self.vfs.unlink(here, to).await.unwrap();
        self.vfs.rest(Duration::from_secs(10)).await;
        assert_eq!(self.names().await, ["Plan.md"]);
        assert_eq!(self.read("Plan.md").await, rendered(last));
        let refused: Vec<_> = self.server.log().writes();
        let refused: Vec<_> = refused.iter().filter(|request| request.status != 200).collect();
        assert!(refused.len() <= 1, "only the title may be refused: {refused:?}");
    }
}

fn rendered(tree: &str) -> String {
    let line = |line: &str| {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        match text.strip_prefix("x ") {
            Some(text) => format!("{indent}- [x] {text}\n"),
            None => format!("{indent}- [ ] {text}\n"),
        }
    };
    tree.lines().map(line).collect()
}

macro_rules! a_day_with {
    ($($name:ident: $quirks:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Day::with($quirks).await.live_through().await;
            }
        )*
    };
}

a_day_with! {
    the_service_as_clients_met_it: Quirks::default();
    no_title_node: Quirks { title_node: false, ..Quirks::default() };
    pages_that_tell: Quirks { has_more: true, ..Quirks::default() };
    null_items: Quirks { null_items: true, ..Quirks::default() };
    updates_that_answer_the_id_alone: Quirks { update_answers_id_only: true, ..Quirks::default() };
    creates_that_do_not_name: Quirks { create_answers_name: false, ..Quirks::default() };
    projects_that_do_not_say_completed: Quirks { says_completed: false, ..Quirks::default() };
    titles_that_can_be_changed: Quirks { renaming: Renaming::Works, ..Quirks::default() };
    titles_that_are_refused: Quirks { renaming: Renaming::Refused, ..Quirks::default() };
    texts_read_as_markdown: Quirks { reads_markdown: true, ..Quirks::default() };
    batches_in_part: Quirks { atomic_batches: false, ..Quirks::default() };
    fields_nobody_knows: Quirks { extra_fields: true, ..Quirks::default() };
    no_limit_told: Quirks { tells_limit: false, ..Quirks::default() };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completing_that_cascades_is_seen() {
    let quirks = Quirks { complete_cascades: true, ..Quirks::default() };
    let day = Day::on(quirks, "a\n  b\nc").await;
    day.edit("Plan.md", |text| text.replace("[ ] a", "[x] a")).await;
    assert_eq!(day.tree("Plan"), "x a\n  x b\nc\n");
    assert_eq!(day.read_by("Plan.md", OTHER).await, "- [x] a\n  - [x] b\n- [ ] c\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_that_the_service_changed_is_believed_and_never_sent_again() {
    let quirks = Quirks { reads_markdown: true, update_answers_id_only: true, ..Quirks::default() };
    let day = Day::on(quirks, "a").await;
    day.edit("Plan.md", |text| text.replace("] a", "] a **bold** move")).await;
    assert_eq!(day.read_by("Plan.md", OTHER).await, "- [ ] a bold move\n");
    day.server.log().clear();
    day.edit("Plan.md", |text| format!("{text}- [ ] b\n")).await;
    assert_eq!(day.server.log().writes().len(), 1);
    assert_eq!(day.tree("Plan"), "a bold move\nb\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_failed_in_the_middle_is_finished_and_not_repeated() {
    let day = Day::on(Quirks::default(), "a").await;
    day.server.faults().plan(Some("POST"), "/tasks/", 0, 1, Fault::DropAfter);
    let lines: String = (0..30).map(|n| format!("- [ ] new {n}\n")).collect();
    day.edit("Plan.md", |text| format!("{text}{lines}")).await;
    day.vfs.rest(Duration::from_secs(30)).await;
    let wanted: String = (0..30).map(|n| format!("new {n}\n")).collect();
    assert_eq!(day.tree("Plan"), format!("a\n{wanted}"));
    assert_eq!(day.server.log().writes().len(), 2, "20 and 10, each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_fails_is_never_taken_for_the_end() {
    let tasks: String = (0..2500).map(|n| format!("task {n}\n")).collect();
    let day = Day::on(Quirks::default(), &tasks).await;
    assert_eq!(day.read("Plan.md").await.lines().count(), 2500);
    let pages = day.server.log().requests();
    let pages = pages.iter().filter(|request| request.path.ends_with("/tasks")).count();
    assert_eq!(pages, 3);
    assert_eq!(day.server.store().task_ids(&day.plan).unwrap().len(), 2500);
}
