//! The tasks of a project as the service orders them. Pure.

use super::node::NodeShape;
use crate::api::Position;

/// A task of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredTask {
    pub(crate) id: String,
    /// `None` for the title node alone.
    pub(crate) parent: Option<String>,
    /// Plain, also where the shape has more to say of it.
    pub(crate) text: String,
    pub(crate) completed: bool,
    pub(crate) shape: NodeShape,
}

impl StoredTask {
    /// Puts another text in the place of this one, whose markup goes with it.
    pub(crate) fn set_text(&mut self, text: String) {
        self.text = text;
        self.shape.ops = None;
    }
}

/// All tasks of a project in outline order. The first is the title node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tasks(pub(crate) Vec<StoredTask>);

/// Why something cannot be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// There is no such task.
    Unknown,
    /// Nothing can be beside the title.
    BesideTitle,
    /// The title cannot be moved or deleted.
    Title,
    /// A task cannot be in itself.
    InItself,
}

impl Tasks {
    pub(crate) fn index(&self, id: &str) -> Option<usize> {
        self.0.iter().position(|task| task.id == id)
    }

    /// One past the last task of a subtree.
    pub(crate) fn end(&self, at: usize) -> usize {
        let mut inside: std::collections::HashSet<&str> =
            self.0.get(at).map(|task| task.id.as_str()).into_iter().collect();
        let mut end = at + 1;
        for task in self.0.get(end..).unwrap_or_default() {
            if !task.parent.as_deref().is_some_and(|parent| inside.contains(parent)) {
                break;
            }
            inside.insert(&task.id);
            end += 1;
        }
        end
    }

    /// Levels below the title.
    pub(crate) fn depths(&self) -> Vec<usize> {
        let mut by_id: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
        let mut depths = Vec::with_capacity(self.0.len());
        for task in &self.0 {
            let above = task.parent.as_deref().and_then(|parent| by_id.get(parent));
            let depth = above.map_or(0, |above| above + 1);
            by_id.insert(&task.id, depth);
            depths.push(depth);
        }
        depths
    }

    /// Where a task would go, and below whom.
    fn place(
        &self,
        anchor: Option<&str>,
        position: Position,
    ) -> Result<(usize, Option<String>), Misplaced> {
        let at = match anchor {
            None => 0,
            Some(anchor) => self.index(anchor).ok_or(Misplaced::Unknown)?,
        };
        let anchor = self.0.get(at).ok_or(Misplaced::Unknown)?;
        let beside = || anchor.parent.clone().map(Some).ok_or(Misplaced::BesideTitle);
        let inside = || Some(anchor.id.clone());
        Ok(match position {
            Position::BeforeBegin => (at, beside()?),
            Position::AfterEnd => (self.end(at), beside()?),
            Position::AfterBegin => (at + 1, inside()),
            Position::BeforeEnd => (self.end(at), inside()),
        })
    }

    /// Inserts a new task.
    pub(crate) fn insert(
        &mut self,
        id: String,
        text: String,
        anchor: Option<&str>,
        position: Position,
    ) -> Result<(), Misplaced> {
        let (at, parent) = self.place(anchor, position)?;
        self.0.insert(
            at,
            StoredTask { id, parent, text, completed: false, shape: NodeShape::default() },
        );
        Ok(())
    }

    /// Moves a task with its subtree.
    pub(crate) fn relocate(
        &mut self,
        id: &str,
        anchor: &str,
        position: Position,
    ) -> Result<(), Misplaced> {
        let at = self.index(id).ok_or(Misplaced::Unknown)?;
        if at == 0 {
            return Err(Misplaced::Title);
        }
        let end = self.end(at);
        let target = self.index(anchor).ok_or(Misplaced::Unknown)?;
        if (at..end).contains(&target) {
            return Err(Misplaced::InItself);
        }
        // Looked up before anything is taken out, so that a refusal changes nothing.
        self.place(Some(anchor), position)?;
        let moved: Vec<StoredTask> = self.0.drain(at..end).collect();
        let (to, parent) = self.place(Some(anchor), position)?;
        self.0.splice(to..to, moved);
        if let Some(task) = self.0.get_mut(to) {
            task.parent = parent;
        }
        Ok(())
    }

    /// Deletes a task with its subtree.
    pub(crate) fn delete(&mut self, id: &str) -> Result<(), Misplaced> {
        let at = self.index(id).ok_or(Misplaced::Unknown)?;
        if at == 0 {
            return Err(Misplaced::Title);
        }
        let end = self.end(at);
        self.0.drain(at..end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::{NodeShape, StoredTask, Tasks};
    use crate::{
        api::{Position, RemoteTask},
        ids::TaskId,
        plan::{self, Key, Op, Outline, Wanted},
    };

    /// A project: levels, texts out of few, and what is done.
    fn lines(most: usize) -> impl Strategy<Value = Vec<Wanted>> {
        prop::collection::vec((0_usize..4, "[a-e]?", any::<bool>()), 0..most).prop_map(|lines| {
            let mut deepest = 0;
            let mut wanted = Vec::new();
            for (depth, text, done) in lines {
                let depth = depth.min(deepest);
                deepest = depth + 1;
                wanted.push(Wanted { depth, text, done, anchor: None });
            }
            wanted
        })
    }

    fn project(lines: &[Wanted]) -> Tasks {
        let task = |id: &str, parent: Option<&String>, text: &str, completed| StoredTask {
            id: id.to_owned(),
            parent: parent.cloned(),
            text: text.to_owned(),
            completed,
            shape: NodeShape::default(),
        };
        let mut tasks = vec![task("title", None, "Plan", false)];
        let mut path = vec!["title".to_owned()];
        for (number, line) in lines.iter().enumerate() {
            path.truncate(line.depth + 1);
            let id = format!("t{number}");
            tasks.push(task(&id, path.last(), &line.text, line.done));
            path.push(id);
        }
        Tasks(tasks)
    }

    fn outline(tasks: &Tasks) -> Outline {
        let listed = tasks.0.iter().map(|task| RemoteTask {
            id: TaskId::new(&task.id),
            text: task.text.clone(),
            parent: task.parent.as_ref().map(TaskId::new),
            completed: task.completed,
            spelled: Default::default(),
        });
        Outline::from_listing(&listed.collect::<Vec<_>>(), "Plan", crate::plan::OnlyRoot::IsTitle)
            .outline
    }

    /// Executes a request as the service does. Every one must be accepted.
    fn execute(tasks: &mut Tasks, op: &Op, ids: &mut HashMap<u32, String>) {
        let name = |key: &Key, ids: &HashMap<u32, String>| match key {
            Key::Known(id) => id.as_str().to_owned(),
            Key::New(number) => ids[number].clone(),
        };
        match op {
            Op::Create(items) => {
                for item in items {
                    let Key::New(number) = item.key else { panic!("an id is created anew") };
                    let anchor = item.to.anchor.as_ref().map(|anchor| name(anchor, ids));
                    let (id, text) = (format!("n{number}"), item.text.clone());
                    tasks.insert(id, text, anchor.as_deref(), item.to.position).unwrap();
                }
                // The ids are told with the answer: no task of a batch can name another of it.
                for item in items {
                    if let Key::New(number) = item.key {
                        ids.insert(number, format!("n{number}"));
                    }
                }
            }
            Op::SetText { key, text } => {
                let at = tasks.index(&name(key, ids)).unwrap();
                tasks.0[at].text.clone_from(text);
            }
            Op::SetDone { key, done } => {
                let at = tasks.index(&name(key, ids)).unwrap();
                assert_ne!(tasks.0[at].completed, *done, "repeating is refused");
                tasks.0[at].completed = *done;
            }
            Op::Detail { .. } => panic!("a text alone says nothing of details"),
            Op::Move { key, to } => {
                let anchor = to.anchor.as_ref().map(|anchor| name(anchor, ids)).unwrap();
                tasks.relocate(&name(key, ids), &anchor, to.position).unwrap();
            }
            Op::Delete { key } => tasks.delete(&name(key, ids)).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn a_script_makes_of_the_service_what_was_wanted(
            before in lines(14),
            mut after in lines(14),
            kept in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        ) {
            let mut tasks = project(&before);
            // Some of what is wanted is what was there, somewhere else.
            for index in &kept {
                if !before.is_empty() && !after.is_empty() {
                    let at = index.index(after.len());
                    after[at].text.clone_from(&index.get(&before).text);
                }
            }
            let base = outline(&tasks);
            let ours = plan::align(&base, &after, 0);
            let mut ids = HashMap::new();
            for op in plan::script(&base, &ours) {
                execute(&mut tasks, &op, &mut ids);
            }
            let made: Vec<Wanted> = outline(&tasks)
                .items
                .into_iter()
                .map(|item| Wanted {
                    depth: item.depth,
                    text: item.text,
                    done: item.done,
                    anchor: None,
                })
                .collect();
            prop_assert_eq!(made, after);
        }
    }

    #[test]
    fn nothing_is_placed_beside_the_title_or_inside_itself() {
        let lines = [("a", 0), ("b", 1)];
        let wanted =
            lines.map(|(text, depth)| Wanted { depth, text: text.to_owned(), ..Wanted::default() });
        let tasks = project(&wanted);
        let mut changed = tasks.clone();
        assert!(
            changed.insert("x".into(), String::new(), Some("title"), Position::AfterEnd).is_err()
        );
        assert!(changed.relocate("t0", "t1", Position::BeforeEnd).is_err());
        assert!(changed.relocate("title", "t1", Position::BeforeEnd).is_err());
        assert!(changed.delete("title").is_err());
        assert_eq!(changed, tasks);
    }
}
