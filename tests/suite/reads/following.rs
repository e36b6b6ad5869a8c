//! What programs have open is followed with nobody looking: what others change there shows, and what
//! that takes. Against the server, with its limit on; hours pass in seconds.

mod day;
mod stale;

use std::{ffi::OsStr, path::Path, sync::Arc, time::Duration};

use taskadefs::{
    api::HttpBackend,
    ids::{ProjectId, SpaceId},
    server::{Exports, Quirks, Running, Server, ServerConfig, Store},
    sync::{Engine, Journal, PathRule, PathRules, Settings},
    vfs::{Ino, ROOT, Vfs},
};

use crate::support::{
    harness::{READ, Recorder, me},
    program::Program,
    step_clock::StepClock,
};

/// As the service has it.
const LIMIT: u32 = 30;

/// A mount without a kernel, of a server with its limit on.
struct Desk {
    clock: Arc<StepClock>,
    running: Running,
    vfs: Arc<Vfs>,
    /// The projects, with their folders and names.
    projects: Vec<(ProjectId, String, String)>,
    settings: Settings,
    dir: tempfile::TempDir,
}

fn mount(clock: &Arc<StepClock>, running: &Running, dir: &Path, settings: &Settings) -> Arc<Vfs> {
    let client = HttpBackend::new(&running.url(), Some(&running.token()), clock.clone()).unwrap();
    let journal = Arc::new(Journal::open(&dir.join("journal")).unwrap());
    let (engine, events) =
        Engine::new(clock.stepped(client), clock.clone(), journal, settings.clone()).unwrap();
    let (vfs, told) = Vfs::new(engine, dir.join("scratch"), 0, 0).unwrap();
    tokio::spawn(vfs.clone().pump(events, told, Arc::new(Recorder::default())));
    vfs
}

impl Desk {
    /// So many folders with so many projects each.
    async fn of(folders: usize, projects: usize, quirks: Quirks, settings: Settings) -> Self {
        let clock = Arc::new(StepClock::new());
        // In memory: a disk that is slow is no service that is.
        let dir = tempfile::tempdir_in("/dev/shm").unwrap();
        let mut config = ServerConfig::new(dir.path().join("store"));
        config.quirks = Quirks { rate_limit: Some(LIMIT), ..quirks };
        config.clock = clock.clone();
        let running = Server::start(config).await.unwrap();
        let projects = seed(running.store(), folders, projects);
        let settings = Settings { follow: true, ..settings };
        let vfs = mount(&clock, &running, dir.path(), &settings);
        Self { clock, running, vfs, projects, settings, dir }
    }

    /// Everything is kept, then the mount goes and another takes its state over.
    async fn remount(&mut self) {
        self.vfs.rest(Duration::from_secs(60)).await;
        self.vfs = mount(&self.clock, &self.running, self.dir.path(), &self.settings);
    }

    async fn ino(&self, number: usize) -> Ino {
        let (_, folder, name) = &self.projects[number];
        let mut ino = ROOT;
        for name in ["Acme", folder, &format!("{name}.md")] {
            ino = self.vfs.lookup(ino, OsStr::new(name), me()).await.unwrap().ino;
        }
        ino
    }

    /// A program opens a project and reads it.
    async fn open(&self, number: usize, program: u32) -> String {
        let work = async {
            let ino = self.ino(number).await;
            let opened = self.vfs.open(ino, READ, program).await.unwrap();
            let text = self.vfs.read(opened.fh, 0, 1 << 20).await.unwrap();
            self.vfs.release(opened.fh).await.unwrap();
            String::from_utf8(text).unwrap()
        };
        self.clock.during(work).await
    }

    /// The size that is known here, with no look at the service.
    async fn size(&self, ino: Ino) -> u64 {
        self.vfs.getattr(ino, 0).await.unwrap().size
    }

    /// Somebody works in a project in the app: looks at it, and adds a task.
    fn add_in_the_app(&self, number: usize, text: &str) {
        let (id, _, _) = &self.projects[number];
        self.running.store().view_elsewhere(id).unwrap();
        self.running.store().add_elsewhere(id, text).unwrap();
    }

    /// How long it takes until a change shows.
    async fn until_it_shows(&self, ino: Ino, before: u64) -> Duration {
        let begun = self.clock.passed();
        while self.size(ino).await == before {
            self.clock.pass(Duration::from_secs(1)).await;
            assert!(self.clock.passed() - begun < Duration::from_secs(3600), "never");
        }
        self.clock.passed() - begun
    }

    /// The requests since this was asked last; none was refused.
    fn asked(&self) -> usize {
        let requests = self.running.log().requests();
        self.running.log().clear();
        assert!(requests.iter().all(|request| request.status != 429), "{requests:?}");
        requests.len()
    }
}

fn seed(store: &Store, folders: usize, projects: usize) -> Vec<(ProjectId, String, String)> {
    let acme: SpaceId = store.add_workspace("Acme").unwrap();
    let mut seeded = Vec::new();
    for folder in 0..folders {
        let folder_name = format!("Folder {folder}");
        let folder_id = store.add_folder(&acme, &folder_name).unwrap();
        for project in 0..projects {
            let name = format!("Project {folder}-{project}");
            let id = store.add_project(&folder_id, &name, "one\ntwo\n  two.a").unwrap();
            seeded.push((id, folder_name.clone(), name));
        }
    }
    seeded
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn an_hour_in_which_nothing_is_open_takes_no_request() {
    let desk = Desk::of(2, 10, Quirks::default(), Settings::default()).await;
    let search = Program::new();
    for number in 0..20 {
        desk.open(number, search.id()).await;
    }
    drop(search);
    desk.asked();
    desk.clock.pass(HOUR).await;
    assert_eq!(desk.asked(), 0);
    // Who reads on and on has nothing open, though it lives.
    let desk = Desk::of(4, 10, Quirks::default(), Settings::default()).await;
    for number in 0..40 {
        desk.open(number, me()).await;
    }
    desk.clock.pass(Duration::from_secs(120)).await;
    desk.asked();
    desk.clock.pass(HOUR).await;
    assert_eq!(desk.asked(), 0);
}

/// Ten projects are open, each in an editor, and nobody types; every five minutes somebody adds a task
/// to one of them in the app.
async fn an_hour_with_ten_open(folders: usize, exports: Exports) -> (usize, Duration) {
    let quirks = Quirks { exports, ..Quirks::default() };
    let desk = Desk::of(folders, 10 / folders, quirks, Settings::default()).await;
    let editors: Vec<Program> = (0..10).map(|_| Program::new()).collect();
    let mut inos = Vec::new();
    for (number, editor) in editors.iter().enumerate() {
        desk.open(number, editor.id()).await;
        inos.push(desk.ino(number).await);
    }
    desk.clock.pass(Duration::from_secs(90)).await;
    desk.asked();
    let (begun, mut longest) = (desk.clock.passed(), Duration::ZERO);
    for change in 0..12u32 {
        let next = begun + Duration::from_secs(300) * change;
        desk.clock.pass(next.saturating_sub(desk.clock.passed())).await;
        let number = usize::try_from(change).unwrap() * 7 % 10;
        let before = desk.size(inos[number]).await;
        desk.add_in_the_app(number, "added in the app");
        longest = longest.max(desk.until_it_shows(inos[number], before).await);
    }
    desk.clock.pass((begun + HOUR).saturating_sub(desk.clock.passed())).await;
    let asked = desk.asked();
    // Their editors are gone.
    drop(editors);
    desk.clock.pass(Duration::from_secs(60)).await;
    desk.asked();
    desk.clock.pass(HOUR).await;
    assert_eq!(desk.asked(), 0);
    (asked, longest)
}

#[tokio::test]
async fn ten_open_projects_of_a_space_are_one_export_a_minute() {
    let (asked, longest) = an_hour_with_ten_open(1, Exports::default()).await;
    assert!(asked <= 61, "{asked}");
    assert!(longest <= Duration::from_secs(60), "{longest:?}");
}

#[tokio::test]
async fn ten_open_projects_of_ten_spaces_take_no_more_than_four_requests_a_minute() {
    let (asked, longest) = an_hour_with_ten_open(10, Exports::default()).await;
    assert!(asked <= 240, "{asked}");
    assert!(longest <= Duration::from_secs(60), "{longest:?}");
}

#[tokio::test]
async fn where_nothing_is_exported_ten_open_projects_take_no_more() {
    let (asked, longest) = an_hour_with_ten_open(1, Exports::Refused).await;
    assert!(asked <= 240, "{asked}");
    assert!(longest <= Duration::from_secs(60), "{longest:?}");
}

#[tokio::test]
async fn what_may_be_old_at_its_path_is_not_asked_for_before() {
    let rule = PathRule {
        path: vec!["Acme".to_owned(), "Folder 0".to_owned()],
        max_age: Some(2 * HOUR),
        ..PathRule::default()
    };
    let settings = Settings { paths: PathRules::of(vec![rule]), ..Settings::default() };
    let desk = Desk::of(2, 1, Quirks::default(), settings).await;
    let editor = Program::new();
    desk.open(0, editor.id()).await;
    desk.clock.pass(Duration::from_secs(90)).await;
    desk.asked();
    desk.clock.pass(HOUR).await;
    assert_eq!(desk.asked(), 0, "nothing else is open");
    let other = Program::new();
    desk.open(1, other.id()).await;
    let (old, young) = (desk.ino(0).await, desk.ino(1).await);
    let sizes = [desk.size(old).await, desk.size(young).await];
    for number in 0..2 {
        desk.add_in_the_app(number, "added in the app");
    }
    assert!(desk.until_it_shows(young, sizes[1]).await <= Duration::from_secs(60));
    assert_eq!(desk.size(old).await, sizes[0]);
    // Once it is as old as it may be, and not opened lately, within ten minutes.
    assert!(desk.until_it_shows(old, sizes[0]).await > Duration::from_secs(1800));
}
