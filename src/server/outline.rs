//! The tasks of a project as the service orders them. Pure.

use crate::api::Position;

/// A task of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) id: String,
    /// `None` for the title node alone.
    pub(crate) parent: Option<String>,
    pub(crate) text: String,
    pub(crate) completed: bool,
}

/// All tasks of a project in outline order. The first is the title node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tasks(pub(crate) Vec<Task>);

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
        self.0.insert(at, Task { id, parent, text, completed: false });
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
        let moved: Vec<Task> = self.0.drain(at..end).collect();
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
