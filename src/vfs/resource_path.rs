//! `.taskade/` of a workspace or folder as a tree: what is where, and under which name. Pure.
//!
//! Whatever has a fixed name is listed here. Projects go by the names of their files without the
//! ending, tasks by their ids made safe; see `TaskNames`.

use std::{
    collections::{HashMap, VecDeque},
    ffi::OsStr,
    sync::{Arc, Weak},
};

use crate::{
    api::{Resource, TaskResource},
    ids::{ProjectId, TaskId},
    plan::{Key, Outline},
    vfs::{
        agents::place::AgentPlace,
        archive_place::ArchivePlace,
        media_place::MediaPlace,
        names::{self, Titled},
        template_place::TemplatePlace,
        types::{Directory, FileKind},
    },
};

/// What a project has beside its tasks.
pub(crate) const OF_PROJECT: [(&str, Resource); 4] = [
    ("members.json", Resource::Members),
    ("fields.json", Resource::Fields),
    ("blocks.json", Resource::Blocks),
    ("share.json", Resource::ShareLink),
];

/// And what is made of its tasks.
const TABLE: &str = "table.csv";

/// What a task has.
pub(crate) const OF_TASK: [(&str, TaskResource); 5] = [
    ("task.json", TaskResource::Task),
    ("date.json", TaskResource::Date),
    ("note.json", TaskResource::Note),
    ("assignees.json", TaskResource::Assignees),
    ("fields.json", TaskResource::Fields),
];

/// A directory or a file below `.taskade/` of a workspace or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourceNode {
    /// Whose `.taskade/` it is.
    pub(crate) directory: Directory,
    pub(crate) at: List,
}

/// Where in that tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum List {
    /// `.taskade/` itself.
    Top,
    /// `archive/`, or what is in it.
    Archive(ArchivePlace),
    /// `templates/`, or what is in it.
    Templates(TemplatePlace),
    /// `projects/`.
    Projects,
    /// `projects/NAME/`.
    Project(ProjectId),
    /// `projects/NAME/FILE`.
    ProjectFile(ProjectId, Resource),
    /// `projects/NAME/table.csv`.
    Table(ProjectId),
    /// `projects/NAME/tasks/`.
    Tasks(ProjectId),
    /// `projects/NAME/tasks/ID/`.
    Task(ProjectId, TaskId),
    /// `projects/NAME/tasks/ID/FILE`.
    TaskFile(ProjectId, TaskId, TaskResource),
    /// In `media/`.
    Media(MediaPlace),
    /// `agents/` and what is below it.
    Agents(AgentPlace),
}

impl ResourceNode {
    pub(crate) fn new(directory: &Directory, at: List) -> Self {
        Self { directory: directory.clone(), at }
    }

    /// What tells it from every other place of the mount. Ids are quoted in it, so that none can
    /// look like the end of another.
    pub(crate) fn key(&self) -> String {
        format!("{self:?}")
    }

    /// Whether it is a directory.
    pub(crate) fn is_directory(&self) -> bool {
        self.kind() == FileKind::Directory
    }

    /// Whether something can be moved out of it.
    pub(crate) fn gives_away(&self) -> bool {
        matches!(self.at, List::Archive(ArchivePlace::Top) | List::Templates(TemplatePlace::Top))
    }

    /// Whether it is what is shared by writing to it.
    pub(crate) fn is_share(&self) -> bool {
        matches!(self.at, List::ProjectFile(_, Resource::ShareLink))
    }

    /// The id of what it is as a whole, where that has attributes of its own.
    pub(crate) fn id(&self) -> Option<String> {
        match &self.at {
            List::Media(MediaPlace::File(id)) => Some(id.as_str().to_owned()),
            List::Agents(place) => place.agent().map(|id| id.as_str().to_owned()),
            _ => None,
        }
    }

    /// Whether it may wait for Taskade, or have been refused, as a whole.
    pub(crate) fn has_state(&self) -> bool {
        self.id().is_some() || matches!(self.at, List::Media(MediaPlace::Named(_)))
    }

    pub(crate) fn kind(&self) -> FileKind {
        match &self.at {
            List::ProjectFile(..) | List::Table(_) | List::TaskFile(..) => FileKind::File,
            List::Agents(place) => place.kind(),
            List::Media(place) => place.kind(),
            List::Archive(place) => place.kind(),
            List::Templates(place) => place.kind(),
            List::Top | List::Projects | List::Project(_) | List::Tasks(_) | List::Task(..) => {
                FileKind::Directory
            }
        }
    }

    /// The place that it is in; `None` for the top.
    pub(crate) fn above(&self) -> Option<ResourceNode> {
        let at = match &self.at {
            List::Top => return None,
            List::Archive(ArchivePlace::Top)
            | List::Templates(TemplatePlace::Top)
            | List::Projects => List::Top,
            List::Templates(TemplatePlace::File(_)) => List::Templates(TemplatePlace::Top),
            List::Archive(ArchivePlace::File(_)) => List::Archive(ArchivePlace::Top),
            List::Media(place) => place.above().map_or(List::Top, List::Media),
            List::Agents(place) => place.above().map_or(List::Top, List::Agents),
            List::Project(_) => List::Projects,
            List::ProjectFile(project, _) | List::Table(project) | List::Tasks(project) => {
                List::Project(project.clone())
            }
            List::Task(project, _) => List::Tasks(project.clone()),
            List::TaskFile(project, task, _) => List::Task(project.clone(), task.clone()),
        };
        Some(Self::new(&self.directory, at))
    }

    /// What is always in it, named.
    pub(crate) fn fixed(&self) -> Vec<(&'static str, ResourceNode)> {
        let node = |at| Self::new(&self.directory, at);
        match &self.at {
            List::Top => vec![
                ("archive", node(List::Archive(ArchivePlace::Top))),
                ("templates", node(List::Templates(TemplatePlace::Top))),
                ("projects", node(List::Projects)),
                ("agents", node(List::Agents(AgentPlace::All))),
                ("media", node(List::Media(MediaPlace::Directory))),
            ],
            List::Agents(place) => {
                let fixed = place.fixed().into_iter();
                fixed.map(|(name, place)| (name, node(List::Agents(place)))).collect()
            }
            List::Project(project) => {
                let file = |resource| node(List::ProjectFile(project.clone(), resource));
                let files = OF_PROJECT.map(|(name, resource)| (name, file(resource)));
                let table = (TABLE, node(List::Table(project.clone())));
                let tasks = ("tasks", node(List::Tasks(project.clone())));
                files.into_iter().chain([table, tasks]).collect()
            }
            List::Task(project, task) => {
                let file = |resource| node(List::TaskFile(project.clone(), task.clone(), resource));
                OF_TASK.map(|(name, resource)| (name, file(resource))).into()
            }
            List::Archive(_)
            | List::Templates(_)
            | List::Projects
            | List::Tasks(_)
            | List::ProjectFile(..)
            | List::Table(_)
            | List::TaskFile(..)
            | List::Media(_) => Vec::new(),
        }
    }

    /// What is always in it under this name.
    pub(crate) fn fixed_child(&self, name: &OsStr) -> Option<ResourceNode> {
        self.fixed().into_iter().find(|(known, _)| name == *known).map(|(_, node)| node)
    }
}

/// The tasks of a project as directories. A task's name is its id, which may be anything, made
/// safe; two that come out equal are told apart as the names of projects are.
#[derive(Debug)]
pub(crate) struct TaskNames {
    project: ProjectId,
    /// What they were made from: this very outline, which nobody changes.
    outline: Weak<Outline>,
    pub(crate) in_order: Vec<(String, TaskId)>,
    by_name: HashMap<String, TaskId>,
}

impl TaskNames {
    pub(crate) fn of(project: &ProjectId, outline: &Arc<Outline>) -> Self {
        let ids = outline.items.iter().filter_map(|item| match &item.key {
            Key::Known(id) => Some(id.clone()),
            Key::New(_) => None,
        });
        let ids: Vec<TaskId> = ids.collect();
        let titled = |id: &TaskId| {
            let id = id.as_str().to_owned();
            Titled { title: id.clone(), id, suffix: "" }
        };
        let titled: Vec<Titled<'_>> = ids.iter().map(titled).collect();
        let names = names::assign(&titled, &HashMap::new());
        let in_order: Vec<(String, TaskId)> = names.into_iter().zip(ids).collect();
        let by_name = in_order.iter().cloned().collect();
        Self { project: project.clone(), outline: Arc::downgrade(outline), in_order, by_name }
    }

    pub(crate) fn get(&self, name: &OsStr) -> Option<&TaskId> {
        self.by_name.get(name.to_str()?)
    }
}

/// The names that were made last: a script goes through many tasks of few projects.
#[derive(Debug, Default)]
pub(crate) struct LatestTaskNames(VecDeque<Arc<TaskNames>>);

impl LatestTaskNames {
    /// How many projects' names are kept.
    const KEPT: usize = 4;

    /// The names of a project's tasks, if they were made from this outline.
    pub(crate) fn get(
        &mut self,
        project: &ProjectId,
        outline: &Arc<Outline>,
    ) -> Option<Arc<TaskNames>> {
        let at = self.0.iter().position(|names| names.project == *project)?;
        let names = self.0.remove(at)?;
        // What is pointed to, also weakly, keeps its address: no other outline is there.
        if names.outline.as_ptr() != Arc::as_ptr(outline) {
            return None;
        }
        self.0.push_front(names.clone());
        Some(names)
    }

    /// Keeps names, and lets go of those that were used longest ago.
    pub(crate) fn keep(&mut self, names: Arc<TaskNames>) {
        self.0.retain(|known| known.project != names.project);
        self.0.push_front(names);
        self.0.truncate(Self::KEPT);
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, ffi::OsStr, sync::Arc};

    use super::{LatestTaskNames, List, ResourceNode, TaskNames};
    use crate::file_name::NAME_MAX;
    use crate::ids::AgentId;
    use crate::ids::ProjectId;
    use crate::ids::SpaceId;
    use crate::ids::TaskId;
    use crate::plan::Details;
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Outline;
    use crate::vfs::agents::place::AgentPlace;
    use crate::vfs::types::Directory;

    fn outline(ids: &[&str]) -> Arc<Outline> {
        let item = |id: &&str| Item {
            key: Key::Known(TaskId::new(*id)),
            depth: 0,
            text: String::new(),
            done: false,
            details: Details::default(),
            spelled: Default::default(),
        };
        Arc::new(Outline { items: ids.iter().map(item).collect() })
    }

    #[test]
    fn every_id_has_a_name_that_leads_back_to_it() {
        let long = "x".repeat(300);
        let longer = format!("{long}y");
        let ids = [
            "8b0a1c9e-2f60-4d52-9d2a-6f1d4a3f5c11",
            "a/b",
            "a／b",
            "..",
            ".",
            "",
            "nul\0",
            "a\nb",
            &long,
            &longer,
        ];
        let outline = outline(&ids);
        let names = TaskNames::of(&ProjectId::new("p"), &outline);
        assert_eq!(names.in_order[0].0, ids[0], "an ordinary id is its own name");
        let mut seen = HashSet::new();
        for ((name, id), wanted) in names.in_order.iter().zip(ids) {
            assert_eq!(id.as_str(), wanted);
            assert_eq!(names.get(OsStr::new(name)), Some(id));
            assert!(!name.is_empty() && name.len() <= NAME_MAX, "{name}");
            assert!(!name.contains(['/', '\0']) && !name.starts_with('.'), "{name}");
            assert!(seen.insert(name.clone()), "{name} twice");
        }
    }

    #[test]
    fn names_are_kept_for_the_outline_that_they_were_made_from_and_for_a_few_projects() {
        let mut latest = LatestTaskNames::default();
        let (project, one, other) = (ProjectId::new("p"), outline(&["a"]), outline(&["a"]));
        assert!(latest.get(&project, &one).is_none());
        let names = Arc::new(TaskNames::of(&project, &one));
        latest.keep(names.clone());
        assert!(Arc::ptr_eq(&names, &latest.get(&project, &one).unwrap()));
        assert!(latest.get(&project, &other).is_none());
        for number in 0..9 {
            latest.keep(Arc::new(TaskNames::of(&ProjectId::new(format!("p{number}")), &one)));
        }
        assert_eq!(latest.0.len(), LatestTaskNames::KEPT);
    }

    #[test]
    fn a_place_is_below_the_one_above_and_has_a_key_of_its_own() {
        let (space, mut keys) = (SpaceId::new("w"), HashSet::new());
        for directory in [Directory::Workspace(space.clone()), Directory::Folder(space.clone())] {
            let node = |at| ResourceNode::new(&directory, at);
            let project = ProjectId::new("p\"), TaskId(\"t");
            let mut waiting = vec![
                node(List::Top),
                node(List::Project(project.clone())),
                node(List::Project(ProjectId::new("p"))),
                node(List::Task(project, TaskId::new("t"))),
                node(List::Agents(AgentPlace::One(AgentId::new("a")))),
                node(List::Agents(AgentPlace::One(AgentId::new("a\")), One(AgentId(\"b")))),
                node(List::Task(ProjectId::new("p"), TaskId::new("t\"), TaskId(\"t"))),
            ];
            while let Some(node) = waiting.pop() {
                assert!(keys.insert(node.key()), "{node:?}");
                for (name, child) in node.fixed() {
                    assert_eq!(child.above().as_ref(), Some(&node));
                    assert_eq!(node.fixed_child(OsStr::new(name)).as_ref(), Some(&child));
                    waiting.push(child);
                }
            }
        }
    }
}
