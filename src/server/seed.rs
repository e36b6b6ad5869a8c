//! Seeding a store, looking into it, and edits that come from elsewhere: for samples and tests.

use serde_json::{Map, Value, json};

use super::{
    markdown::MarkdownLine,
    node::NodeShape,
    outline::{Misplaced, Tasks},
    store::{Store, add_project, failed},
    store_details::{Note, StoredTaskDetails},
    store_tasks::below_title,
    token::{random_name, random_uuid},
    values,
};
use crate::{
    api::{ContentType, MakeSpaces, Position, Schedule},
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
    model::Marker,
};

impl MakeSpaces for Store {
    fn make_workspace(&self, name: &str) -> Result<SpaceId> {
        self.add_workspace(name)
    }

    fn make_folder(&self, workspace: &SpaceId, name: &str) -> Result<SpaceId> {
        self.add_folder(workspace, name)
    }
}

impl Store {
    /// Makes a workspace, or with `WORKSPACE/FOLDER` also a folder in it, unless it is there.
    ///
    /// # Errors
    /// If there is no name, or the store cannot be written.
    pub(crate) fn make_path(&self, path: &str) -> Result<()> {
        let (name, folder) = match path.trim_end_matches('/').split_once('/') {
            Some((workspace, folder)) => (workspace, Some(folder)),
            None => (path, None),
        };
        if name.is_empty() || folder.is_some_and(|folder| folder.is_empty() || folder.contains('/'))
        {
            return Err(Error::new(Kind::Invalid, "not WORKSPACE or WORKSPACE/FOLDER").at(path));
        }
        let workspace = self.workspace_named(name)?;
        let folders = self.folders(workspace.as_str())?;
        if let Some(folder) = folder
            && folders.iter().all(|space| space.name != folder || space.id == workspace.as_str())
        {
            self.add_folder(&workspace, folder)?;
        }
        Ok(())
    }

    /// The workspace of this name, made if there is none.
    pub(crate) fn workspace_named(&self, name: &str) -> Result<SpaceId> {
        match self.workspaces()?.into_iter().find(|space| space.name == name) {
            Some(space) => Ok(SpaceId::new(space.id)),
            None => self.add_workspace(name),
        }
    }

    /// Adds a workspace.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_workspace(&self, name: &str) -> Result<SpaceId> {
        let id = random_name(16)?;
        self.add_space(&id, &id, name)
    }

    /// Adds a folder to a workspace.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_folder(&self, workspace: &SpaceId, name: &str) -> Result<SpaceId> {
        self.add_space(&random_name(16)?, workspace.as_str(), name)
    }

    fn add_space(&self, id: &str, workspace: &str, name: &str) -> Result<SpaceId> {
        self.lock()
            .connection
            .execute(
                "INSERT INTO spaces (id, workspace, name) VALUES (?1, ?2, ?3)",
                [id, workspace, name],
            )
            .map_err(failed)?;
        Ok(SpaceId::new(id))
    }

    /// Adds a project whose tasks are given a line each: two spaces a level, `x ` before what is
    /// done.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_project(&self, folder: &SpaceId, name: &str, tasks: &str) -> Result<ProjectId> {
        let id = self.make_project(folder.as_str(), name, from_text(name, tasks)?)?;
        Ok(ProjectId::new(id))
    }

    /// Adds a project as the Markdown of one that is created has it, its first line being the
    /// title.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_markdown(&self, folder: &SpaceId, content: &str) -> Result<ProjectId> {
        self.make_of_markdown(folder.as_str(), content).map(|(id, _)| ProjectId::new(id))
    }

    /// Adds many projects at once.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_projects(&self, folder: &SpaceId, projects: &[(String, String)]) -> Result<()> {
        let mut inner = self.lock();
        let transaction = inner.connection.transaction().map_err(failed)?;
        for (name, tasks) in projects {
            let tasks = from_text(name, tasks)?;
            add_project(&transaction, &random_name(16)?, folder.as_str(), name, &tasks)
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// The tasks of a project in the form that [`add_project`](Self::add_project) takes.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn tree(&self, project: &ProjectId) -> Result<String> {
        let tasks = self.tasks(project.as_str())?;
        let mut text = String::new();
        for (task, depth) in tasks.0.iter().zip(tasks.depths()).skip(1) {
            let done = if task.completed { "x " } else { "" };
            text.push_str(&format!(
                "{}{done}{}\n",
                "  ".repeat(depth.saturating_sub(1)),
                task.text
            ));
        }
        Ok(text)
    }

    /// The ids of a project's tasks, in order, without the title node.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn task_ids(&self, project: &ProjectId) -> Result<Vec<TaskId>> {
        let tasks = self.tasks(project.as_str())?;
        Ok(tasks.0.iter().skip(1).map(|task| TaskId::new(&task.id)).collect())
    }

    /// The projects of this name, archived or not, with whether they are.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn find_projects(&self, name: &str) -> Result<Vec<(ProjectId, bool)>> {
        let inner = self.lock();
        let mut statement = inner
            .connection
            .prepare("SELECT id, completed FROM projects WHERE name = ?1 ORDER BY number")
            .map_err(failed)?;
        let rows = statement
            .query_map([name], |row| Ok((ProjectId::new(row.get::<_, String>(0)?), row.get(1)?)))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)).collect()
    }

    /// Adds a member to a workspace.
    ///
    /// # Errors
    /// If the store cannot be written, or there is such a member.
    pub fn add_member(&self, workspace: &SpaceId, handle: &str, name: &str) -> Result<()> {
        let sql = "INSERT INTO members (workspace, handle, name) VALUES (?1, ?2, ?3)";
        let inner = self.lock();
        inner.connection.execute(sql, [workspace.as_str(), handle, name]).map_err(failed)?;
        Ok(())
    }

    /// Adds a custom field to a project. Its data is as in `Field` of the official document.
    ///
    /// # Errors
    /// If the store cannot be written, or there is such a field.
    pub fn add_field(&self, project: &ProjectId, id: &str, data: &Value) -> Result<()> {
        let sql = "INSERT INTO fields (project, id, data) VALUES (?1, ?2, ?3)";
        let inner = self.lock();
        let data = data.to_string();
        inner.connection.execute(sql, [project.as_str(), id, &data]).map_err(failed)?;
        Ok(())
    }

    /// What is known of a task beside its text: `date`, `note`, `assignees` (handles) and `fields`
    /// (values by id), each only if it is set.
    ///
    /// # Errors
    /// If the store cannot be read, or there is no such task.
    pub fn details(&self, project: &ProjectId, task: &TaskId) -> Result<Value> {
        self.with_details(project, task, |of| {
            let mut details = Map::new();
            details.extend(of.date()?.map(|date| ("date".to_owned(), json!(date))));
            details.extend(of.note()?.map(|note| ("note".to_owned(), note.text.into())));
            let assignees = Some(of.assignees()?).filter(|handles| !handles.is_empty());
            details.extend(assignees.map(|handles| ("assignees".to_owned(), handles.into())));
            let values = Some(of.values()?).filter(|values| !values.is_empty());
            let answered = |(id, kept)| (id, values::answered(kept));
            let values =
                values.map(|values| values.into_iter().map(answered).collect::<Map<_, _>>());
            details.extend(values.map(|values| ("fields".to_owned(), values.into())));
            Ok(details.into())
        })
    }

    /// Says when a task is due, or takes it back, as somebody else would. Nothing is checked.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such task.
    pub fn date_elsewhere(
        &self,
        project: &ProjectId,
        task: &TaskId,
        date: Option<&Schedule>,
    ) -> Result<()> {
        self.with_details(project, task, |of| match date {
            Some(date) => of.set_date(date),
            None => of.clear_date().map(drop),
        })
    }

    /// Replaces the note of a task, or removes it, as somebody else would. Unlike one that is
    /// sent, it may have several lines.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such task.
    pub fn note_elsewhere(
        &self,
        project: &ProjectId,
        task: &TaskId,
        note: Option<&str>,
    ) -> Result<()> {
        self.with_details(project, task, |of| match note {
            Some(text) => {
                of.set_note(&Note { content_type: ContentType::Plain, text: text.to_owned() })
            }
            None => of.clear_note(),
        })
    }

    /// Assigns a task to these and to nobody else, as somebody else would. Nothing is checked.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such task.
    pub fn assign_elsewhere(
        &self,
        project: &ProjectId,
        task: &TaskId,
        handles: &[&str],
    ) -> Result<()> {
        let handles: Vec<String> = handles.iter().map(|handle| (*handle).to_owned()).collect();
        self.with_details(project, task, |of| {
            of.unassign_all()?;
            of.assign(&handles)
        })
    }

    /// Sets the value of a custom field, or takes it away, as somebody else would. What the field
    /// cannot have is kept as it is.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such task.
    pub fn field_elsewhere(
        &self,
        project: &ProjectId,
        task: &TaskId,
        field: &str,
        value: Option<&Value>,
    ) -> Result<()> {
        let fields = self.fields(project.as_str())?;
        let field = fields.iter().find(|known| known.id == field);
        let Some(field) = field else { return Err(Error::new(Kind::NotFound, "no such field")) };
        let value = value.map(|value| values::kept(&field.data, value).unwrap_or(value.clone()));
        self.with_details(project, task, |of| match &value {
            Some(value) => of.set_value(&field.id, value),
            None => of.clear_value(&field.id),
        })
    }

    fn with_details<T>(
        &self,
        project: &ProjectId,
        task: &TaskId,
        act: impl FnOnce(StoredTaskDetails<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let (project, task) = (project.as_str(), task.as_str());
        let done = self.with_task(project, task, |transaction| {
            act(StoredTaskDetails { connection: transaction, project, task })
        });
        done?.ok_or_else(|| Error::new(Kind::NotFound, "no such task"))
    }

    /// Changes a text, as somebody else would.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such task.
    pub fn edit_elsewhere(&self, project: &ProjectId, task: &TaskId, text: &str) -> Result<()> {
        self.elsewhere(project, |tasks| {
            let at = tasks.index(task.as_str()).ok_or(Misplaced::Unknown)?;
            tasks.0[at].set_text(text.to_owned());
            Ok(())
        })
    }

    /// Gives a task another format, as somebody else would.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such task.
    pub fn format_elsewhere(
        &self,
        project: &ProjectId,
        task: &TaskId,
        format: Marker,
    ) -> Result<()> {
        self.elsewhere(project, |tasks| {
            let at = tasks.index(task.as_str()).ok_or(Misplaced::Unknown)?;
            tasks.0[at].shape = NodeShape::of(format.format());
            Ok(())
        })
    }

    /// Adds a task at the end, as somebody else would.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_elsewhere(&self, project: &ProjectId, text: &str) -> Result<TaskId> {
        let id = random_uuid()?;
        self.elsewhere(project, |tasks| {
            tasks.insert(id.clone(), text.to_owned(), None, Position::BeforeEnd)
        })?;
        Ok(TaskId::new(id))
    }

    /// Deletes a task with its subtree, as somebody else would.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such task.
    pub fn delete_elsewhere(&self, project: &ProjectId, task: &TaskId) -> Result<()> {
        self.elsewhere(project, |tasks| tasks.delete(task.as_str()))
    }

    /// Somebody else gives a project another name.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such project.
    pub fn rename_elsewhere(&self, project: &ProjectId, name: &str) -> Result<()> {
        self.elsewhere(project, |tasks| {
            tasks.0.iter_mut().take(1).for_each(|title| title.set_text(name.to_owned()));
            Ok(())
        })
    }

    /// Somebody looks at a project.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn view_elsewhere(&self, project: &ProjectId) -> Result<()> {
        let sql =
            "UPDATE projects SET viewed = (SELECT max(viewed) + 1 FROM projects) WHERE id = ?1";
        self.lock().connection.execute(sql, [project.as_str()]).map(drop).map_err(failed)
    }

    /// Somebody else archives a project.
    ///
    /// # Errors
    /// If there is no such project.
    pub fn archive_elsewhere(&self, project: &ProjectId) -> Result<()> {
        let found = self.set_completed(project.as_str(), true)?;
        found.map(drop).ok_or_else(|| Error::new(Kind::NotFound, "no such project"))
    }

    fn elsewhere(
        &self,
        project: &ProjectId,
        change: impl FnOnce(&mut Tasks) -> Result<(), Misplaced>,
    ) -> Result<()> {
        self.change(project.as_str(), change)?
            .map_err(|why| Error::new(Kind::NotFound, format!("no such place: {why:?}")))
    }
}

/// Tasks from lines: two spaces a level, `x ` before what is done. All are checkboxes.
fn from_text(name: &str, text: &str) -> Result<Tasks> {
    let lines = text.lines().map(|line| {
        let content = line.trim_start_matches("  ");
        let (text, done) = content.strip_prefix("x ").map_or((content, false), |c| (c, true));
        let depth = (line.len() - content.len()) / 2;
        MarkdownLine { depth, text: text.to_owned(), done, format: "checkbox" }
    });
    below_title(name, lines.collect())
}
