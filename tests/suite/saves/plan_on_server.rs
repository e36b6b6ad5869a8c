//! Plans executed request by request on the embedded server: the tree is then what was wanted,
//! and no request is refused on the way.

use std::collections::HashMap;

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use taskadefs::{
    api::{Client, ContentType, HttpBackend, NewTask, Priority, TypedText},
    clock::SystemClock,
    error::{Error, Result},
    ids::{ProjectId, SpaceId, TaskId},
    plan::{Key, NewItem, OnlyRoot, Op, Outline, Wanted, align, script},
    server::{Quirks, Running, Server, ServerConfig},
};
use tokio::runtime::Runtime;

/// What happens to the lines of a project. Positions wrap around.
#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, Wanted),
    Delete(usize),
    SetText(usize, String),
    Toggle(usize),
    Indent(usize, usize),
    Move(usize, usize, usize),
}

/// A service with one client, for all cases of a test.
struct Service {
    running: Running,
    workspace: SpaceId,
    client: Client,
    _dir: tempfile::TempDir,
}

impl Service {
    async fn start(quirks: Quirks) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = ServerConfig { quirks, ..ServerConfig::new(dir.path()) };
        let running = Server::start(config).await.unwrap();
        let workspace = running.store().add_workspace("Acme").unwrap();
        let clock = std::sync::Arc::new(SystemClock);
        let client = HttpBackend::new(&running.url(), Some(&running.token()), clock).unwrap();
        let client = Client::new(std::sync::Arc::new(client));
        Self { running, workspace, client, _dir: dir }
    }

    async fn outline(&self, project: &ProjectId) -> Outline {
        let tasks = self.client.tasks(Priority::Save, project).await.unwrap();
        Outline::from_listing(&tasks, "Plan", OnlyRoot::IsTitle).outline
    }

    /// Executes a plan, giving new tasks the ids that the service assigns.
    async fn execute(&self, project: &ProjectId, ops: &[Op]) -> Result<()> {
        let mut ids: HashMap<u32, TaskId> = HashMap::new();
        for op in ops {
            let id = |key: &Key| match key {
                Key::Known(id) => id.clone(),
                Key::New(number) => ids[number].clone(),
            };
            match op {
                Op::Create(batch) => {
                    let new_task = |new: &NewItem| NewTask {
                        content: content(&new.text),
                        anchor: new.to.anchor.as_ref().map(id),
                        position: new.to.position,
                    };
                    let new: Vec<NewTask> = batch.iter().map(new_task).collect();
                    let created = self.client.create_tasks(project, &new).await?;
                    for (new, created) in batch.iter().zip(created) {
                        let Key::New(number) = new.key else { panic!("{new:?} is not new") };
                        ids.insert(number, created);
                    }
                }
                Op::SetText { key, text } => {
                    self.client.update_task(project, &id(key), &content(text)).await?;
                }
                Op::SetDone { key, done } => {
                    self.client.set_completed(project, &id(key), *done).await?;
                }
                Op::Detail { .. } => panic!("a text alone says nothing of details"),
                Op::Move { key, to } => {
                    let target = id(to.anchor.as_ref().unwrap());
                    self.client.move_task(project, &id(key), &target, to.position).await?;
                }
                Op::Delete { key } => self.client.delete_task(project, &id(key)).await?,
            }
        }
        Ok(())
    }

    /// One case: a project, edits of its lines, the plan, and what comes of it.
    async fn check(&self, case: &Case) -> Result<(), TestCaseError> {
        let fail = |error: Error| TestCaseError::fail(error.to_string());
        let base = render(&case.base);
        let project = self.running.store().add_project(&self.workspace, "Plan", &base).unwrap();
        let before = self.outline(&project).await;
        prop_assert_eq!(render(&lines(&before)), base);
        let wanted = case.edited(&before);
        let ours = align(&before, &wanted, 0);
        self.execute(&project, &script(&before, &ours)).await.map_err(fail)?;
        // What was kept is still the same task.
        let ids = self.running.store().task_ids(&project).unwrap();
        for (item, id) in ours.items.iter().zip(&ids) {
            let kept = matches!(&item.key, Key::Known(known) if known == id);
            prop_assert!(kept || matches!(item.key, Key::New(_)), "{:?}", item);
        }
        if case.cascades && self.tree(&project) != render(&wanted) {
            // Ticking a task has ticked what was to stay open below it: seen, it is put right.
            let (now, mut ours) = (self.outline(&project).await, ours);
            for (item, id) in ours.items.iter_mut().zip(ids) {
                item.key = Key::Known(id);
            }
            self.execute(&project, &script(&now, &ours)).await.map_err(fail)?;
        }
        prop_assert_eq!(self.tree(&project), render(&wanted));
        Ok(())
    }

    fn tree(&self, project: &ProjectId) -> String {
        self.running.store().tree(project).unwrap()
    }
}

#[derive(Debug, Clone)]
struct Case {
    base: Vec<Wanted>,
    edits: Vec<Edit>,
    /// Whether lines carry the ids of their tasks.
    ids: bool,
    cascades: bool,
}

impl Case {
    fn edited(&self, before: &Outline) -> Vec<Wanted> {
        let mut lines = lines(before);
        for (line, item) in lines.iter_mut().zip(&before.items) {
            if let (true, Key::Known(id)) = (self.ids, &item.key) {
                line.anchor = Some(id.clone());
            }
        }
        for edit in &self.edits {
            apply(&mut lines, edit);
        }
        settle(&mut lines);
        lines
    }
}

fn apply(lines: &mut Vec<Wanted>, edit: &Edit) {
    let len = lines.len();
    match edit {
        Edit::Insert(at, line) => lines.insert(at % (len + 1), line.clone()),
        _ if len == 0 => {}
        Edit::Delete(at) => drop(lines.remove(at % len)),
        Edit::SetText(at, text) => text.clone_into(&mut lines[at % len].text),
        Edit::Toggle(at) => lines[at % len].done ^= true,
        Edit::Indent(at, depth) => lines[at % len].depth = *depth,
        Edit::Move(from, to, depth) => {
            let mut line = lines.remove(from % len);
            line.depth = *depth;
            lines.insert(to % len, line);
        }
    }
}

/// Makes the depths those of a tree.
fn settle(lines: &mut [Wanted]) {
    let mut deepest = 0;
    for line in lines {
        line.depth = line.depth.min(deepest);
        deepest = line.depth + 1;
    }
}

fn lines(outline: &Outline) -> Vec<Wanted> {
    let line = |item: &taskadefs::plan::Item| Wanted {
        depth: item.depth,
        text: item.text.clone(),
        done: item.done,
        anchor: None,
    };
    outline.items.iter().map(line).collect()
}

/// Lines as the store tells them.
fn render(lines: &[Wanted]) -> String {
    let line = |line: &Wanted| {
        let done = if line.done { "x " } else { "" };
        format!("{}{done}{}\n", "  ".repeat(line.depth), line.text)
    };
    lines.iter().map(line).collect()
}

fn content(text: &str) -> TypedText {
    TypedText { content_type: ContentType::Plain, text: text.to_owned() }
}

/// Few texts, so that many are equal or alike, and none that the store's notation takes for more.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abc]",
        1 => "(call|mail) (Ann|Bob) (today|again)",
        1 => Just("Ünïcödé 🚀 \"quoted\" *text*".to_owned()),
    ]
}

fn line() -> impl Strategy<Value = Wanted> {
    (0_usize..4, texts(), any::<bool>()).prop_map(|(depth, text, done)| Wanted {
        depth,
        text,
        done,
        anchor: None,
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = || 0_usize..64;
    prop_oneof![
        3 => (at(), line()).prop_map(|(at, line)| Edit::Insert(at, line)),
        2 => at().prop_map(Edit::Delete),
        1 => (at(), texts()).prop_map(|(at, text)| Edit::SetText(at, text)),
        2 => at().prop_map(Edit::Toggle),
        2 => (at(), 0_usize..4).prop_map(|(at, depth)| Edit::Indent(at, depth)),
        3 => (at(), at(), 0_usize..4).prop_map(|(from, to, depth)| Edit::Move(from, to, depth)),
    ]
}

fn cases(quirks: &Quirks) -> impl Strategy<Value = Case> + use<> {
    let (cascades, has_title) = (quirks.complete_cascades, quirks.title_node);
    // More than one batch of new tasks now and then.
    let edits = prop_oneof![4 => vec(edit(), 0..12), 1 => vec(edit(), 60..70)];
    (vec(line(), 0..14), edits, any::<bool>()).prop_map(move |(mut base, edits, ids)| {
        settle(&mut base);
        if !has_title && !base.is_empty() {
            // One top-level task above all others would be read as the title.
            base.push(Wanted { text: "last".to_owned(), ..Wanted::default() });
        }
        Case { base, edits, ids, cascades }
    })
}

/// Runs so many cases on one server.
fn run(count: u32, quirks: Quirks) {
    let runtime = Runtime::new().unwrap();
    let cases = cases(&quirks);
    let service = runtime.block_on(Service::start(quirks));
    let config = Config { cases: count, failure_persistence: None, ..Config::default() };
    let outcome =
        TestRunner::new(config).run(&cases, |case| runtime.block_on(service.check(&case)));
    if let Err(TestError::Fail(why, case)) = outcome {
        panic!("{why}\n{}{case:#?}", render(&case.base));
    }
    assert!(service.running.log().requests().iter().all(|request| request.status == 200));
}

#[test]
fn a_plan_comes_to_what_was_wanted() {
    run(64, Quirks::default());
}

#[test]
fn a_service_that_ticks_what_is_below_refuses_nothing() {
    run(32, Quirks { complete_cascades: true, ..Quirks::default() });
}

#[test]
fn a_service_without_title_nodes_makes_no_difference() {
    run(32, Quirks { title_node: false, ..Quirks::default() });
}

#[test]
fn a_service_of_few_words_makes_no_difference() {
    let quirks = Quirks {
        update_answers_id_only: true,
        says_completed: false,
        tells_limit: false,
        page_cap: Some(50),
        ..Quirks::default()
    };
    run(32, quirks);
}

#[test]
fn a_service_of_many_words_makes_no_difference() {
    let quirks = Quirks {
        has_more: true,
        page_cap: Some(3),
        extra_fields: true,
        atomic_batches: false,
        ..Quirks::default()
    };
    run(32, quirks);
}
