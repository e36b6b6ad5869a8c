//! Every operation of Taskade's document, reached on a real mount by what the page
//! `src/api/operations.md` says, with all requests that this comes to. `operations` compares the two.

mod agents;
mod bundles;
mod details;
mod media;
mod projects;
mod spaces;
mod tasks;

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::json;
use taskadefs::{
    ids::SpaceId,
    server::{Quirks, Renaming, Store},
};

use crate::support::{
    document::{Operation, operations},
    mount::{Mounted, until},
};

/// The names of projects, whose ids are these names in what is compared.
const TITLES: [&str; 6] = ["Plan", "Old", "Copy", "Sprint", "New", "Model"];

/// No requests.
const NONE: [&str; 0] = [];

/// A mount that asks for nothing by itself: what it knows stays young, and no program has anything
/// open.
struct Scene {
    mounted: Mounted,
    /// Names by ids.
    names: RefCell<BTreeMap<String, String>>,
}

impl Scene {
    /// The workspace `Acme` with `Plan`, its folder `Marketing`, and what `seed` adds and names.
    fn of(
        flags: &[&str],
        seed: impl FnOnce(&Store, &SpaceId) -> Vec<(&'static str, String)>,
    ) -> Self {
        let flags = [&["--max-age", "3600"], flags].concat();
        let quirks = Quirks { renaming: Renaming::Works, ..Quirks::default() };
        let mut named = Vec::new();
        let mounted = Mounted::on(quirks, "one\n  one.a\ntwo", &flags, |store, workspace| {
            let folder = store.add_folder(workspace, "Marketing").unwrap();
            named = seed(store, workspace);
            named.push(("Acme", workspace.to_string()));
            named.push(("Marketing", folder.to_string()));
        });
        let names = named.into_iter().map(|(name, id)| (id, format!("<{name}>")));
        Self { mounted, names: RefCell::new(names.collect()) }
    }

    /// As [`of`](Self::of), of which everything that a reader asks for was read.
    fn read(seed: impl FnOnce(&Store, &SpaceId) -> Vec<(&'static str, String)>) -> Self {
        let scene = Self::of(&[], seed);
        scene.mounted.ok("ls . Marketing; cat Plan.md");
        until("the export is read", || {
            scene.mounted.server().log().requests().iter().any(|it| it.path.ends_with("/export"))
        });
        scene.mounted.server().log().clear();
        scene
    }

    /// A script comes to these requests and to no others, one of which is the operation.
    fn reaches(&self, operation: &str, script: &str, requests: &[impl AsRef<str>]) {
        self.learn_names();
        self.mounted.ok(script);
        self.has_reached(operation, requests);
    }

    /// As [`reaches`](Self::reaches), beside listings of what leads there: where nothing is young enough
    /// they are asked for, and nobody waits for them.
    fn reaches_beside(&self, operation: &str, script: &str, requests: &[&str]) {
        self.learn_names();
        self.mounted.ok(script);
        let wanted = self.operation(operation);
        until(operation, || self.is_reached(&wanted));
        let mut made = self.requests();
        made.retain(|it| !it.starts_with("GET /workspaces"));
        assert_eq!(made, requests, "{operation}");
    }

    /// Runs a script, whatever it comes to.
    fn prepare(&self, script: &str) {
        self.mounted.ok(script);
        self.mounted.server().log().clear();
    }

    /// What was done since the requests were looked at last came to these and to no others, one of
    /// which is the operation.
    fn has_reached(&self, operation: &str, requests: &[impl AsRef<str>]) {
        let wanted = self.operation(operation);
        let count = || self.mounted.server().log().requests().len();
        until(operation, || self.is_reached(&wanted) && count() >= requests.len());
        self.assert_requests(operation, requests);
    }

    /// A script comes to these requests and to no others, none of which is the operation.
    fn spares(&self, operation: &str, script: &str, requests: &[impl AsRef<str>]) {
        self.learn_names();
        self.mounted.ok(script);
        assert!(!self.is_reached(&self.operation(operation)), "{operation}");
        self.assert_requests(operation, requests);
    }

    fn assert_requests(&self, operation: &str, wanted: &[impl AsRef<str>]) {
        let wanted: Vec<&str> = wanted.iter().map(AsRef::as_ref).collect();
        assert_eq!(self.requests(), wanted, "{operation}");
    }

    fn operation(&self, id: &str) -> Operation {
        let found = operations().into_iter().find(|operation| operation.id == id);
        found.unwrap_or_else(|| panic!("the document has no {id}"))
    }

    fn is_reached(&self, operation: &Operation) -> bool {
        let log = self.mounted.server().log().requests();
        log.iter().any(|it| operation.is_reached_by(&it.method, &it.path))
    }

    /// What has the id that a script prints is called this from here on.
    fn name(&self, name: &str, script: &str) {
        let id = self.mounted.ok(script);
        self.names.borrow_mut().insert(id, format!("<{name}>"));
        self.mounted.server().log().clear();
    }

    /// The title node of `Plan`, which is no line of it, has a name from here on.
    fn name_title(&self) {
        let task = &self.mounted.ids()[0];
        let file = format!(".taskade/projects/Plan/tasks/{task}/task.json");
        self.name("Title", &format!("jq -j .parentId {file}"));
    }

    /// The file of `media/` has its name, which no listing tells.
    fn await_media(&self, name: &str) {
        until("the name is learnt", || self.mounted.ok("ls .taskade/media").contains(name));
    }

    /// The projects and tasks that there are now have their names from here on.
    fn learn_names(&self) {
        let store = self.mounted.server().store();
        let mut names = self.names.borrow_mut();
        for title in TITLES {
            for (project, _) in store.find_projects(title).unwrap() {
                for (number, task) in store.task_ids(&project).unwrap().iter().enumerate() {
                    let name = format!("<{title}/{}>", number + 1);
                    names.entry(task.to_string()).or_insert(name);
                }
                names.entry(project.to_string()).or_insert(format!("<{title}>"));
            }
        }
    }

    /// The requests so far, with names for ids, and forgets them. Readings with nothing between them
    /// may be under way at once: they are in alphabetical order.
    fn requests(&self) -> Vec<String> {
        self.learn_names();
        let requests = self.mounted.server().log().requests();
        self.mounted.server().log().clear();
        let line = |request: taskadefs::server::LoggedRequest| {
            let query = Some(request.query).filter(|query| !query.is_empty());
            let query = query.map_or_else(String::new, |query| format!("?{query}"));
            let body = request.body.map_or_else(String::new, |body| format!(" {}", json!(body)));
            let mut line = format!("{} {}{query}{body}", request.method, request.path);
            for (id, name) in self.names.borrow().iter() {
                line = line.replace(id.as_str(), name);
            }
            line
        };
        let mut lines: Vec<String> = requests.into_iter().map(line).collect();
        lines.chunk_by_mut(|one, next| is_read(one) && is_read(next)).for_each(<[_]>::sort);
        lines
    }
}

fn is_read(request: &str) -> bool {
    request.starts_with("GET ")
}
