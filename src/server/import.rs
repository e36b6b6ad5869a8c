//! Importing: what exports gave out becomes projects of the store. It only ever creates, as the
//! service's own import does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    imported::Imported,
    store::{Store, add_project, failed},
    store_details::{Of, to_json},
    token::random_name,
};
use crate::{
    error::{Error, Kind, Result},
    ids::SpaceId,
};

/// Where a bundle has its projects, if it is a directory.
const PROJECTS: &str = "projects";

/// What became of a directory that was imported.
#[derive(Debug)]
pub struct ImportReport {
    /// The workspace that its projects are in.
    pub workspace: String,
    /// How many there are.
    pub projects: usize,
    /// The files that are no projects, each with its reason.
    pub others: Vec<Error>,
}

impl Store {
    /// Makes a project of each file of a directory, or of what is in its `projects`, as `{root,
    /// preferences}` of an export. They are in a workspace that has the directory's name. Files that
    /// are none are left alone and told.
    ///
    /// # Errors
    /// If the directory cannot be read or holds no project, or the store cannot be written.
    pub fn import_directory(&self, dir: &Path) -> Result<ImportReport> {
        let failed = |error| Error::io("cannot import", error).at(dir.display().to_string());
        let dir = fs::canonicalize(dir).map_err(failed)?;
        let inside = dir.join(PROJECTS);
        let holder = if inside.is_dir() { &inside } else { &dir };
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(holder).map_err(failed)? {
            files.push(entry.map_err(failed)?.path());
        }
        files.sort();
        let (mut projects, mut others) = (Vec::new(), Vec::new());
        for file in files.iter().filter(|file| !file.is_dir()) {
            match read(file) {
                Ok(project) => projects.push(project),
                Err(error) => others.push(error),
            }
        }
        if projects.is_empty() {
            let none = Error::new(Kind::Invalid, "no file in it is a project of an export");
            let first = others.into_iter().next();
            let none = none.at(holder.display().to_string());
            return Err(match first {
                Some(first) => none.because(first),
                None => none,
            });
        }
        let named = if dir.ends_with(PROJECTS) { dir.parent().unwrap_or(&dir) } else { &dir };
        let name = named.file_name().map_or("Imported".into(), |name| name.to_string_lossy());
        let workspace = self.workspace_named(&name)?;
        self.import(&workspace, &projects)?;
        Ok(ImportReport { workspace: name.into_owned(), projects: projects.len(), others })
    }

    /// Adds projects to a folder, all or none. Their ids are new, those of their tasks are kept.
    pub(crate) fn import(&self, folder: &SpaceId, projects: &[Imported]) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        let mut inner = self.lock();
        let transaction = inner.connection.transaction().map_err(failed)?;
        for project in projects {
            let id = random_name(16)?;
            add_project(&transaction, &id, folder.as_str(), &project.name, &project.tasks)
                .and_then(|()| surround(&transaction, &id, project))
                .map_err(failed)?;
            ids.push(id);
        }
        transaction.commit().map_err(failed)?;
        Ok(ids)
    }
}

/// Writes what a project has beside its outline.
fn surround(
    transaction: &rusqlite::Transaction<'_>,
    project: &str,
    imported: &Imported,
) -> rusqlite::Result<()> {
    let bundle = to_json(&imported.surroundings)?;
    transaction.execute("UPDATE projects SET bundle = ?2 WHERE id = ?1", [project, &bundle])?;
    for field in &imported.fields {
        let sql = "INSERT OR REPLACE INTO fields (project, id, data) VALUES (?1, ?2, ?3)";
        transaction.execute(sql, [project, &field.id, &to_json(&field.data)?])?;
    }
    for (task, values) in &imported.values {
        let of = Of { connection: transaction, project, task };
        values.iter().try_for_each(|(field, value)| of.set_value(field, value))?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Imported> {
    let told = file.display().to_string();
    let bytes =
        fs::read(file).map_err(|error| Error::io("cannot import", error).at(told.as_str()))?;
    Imported::read(&bytes).map_err(|why| {
        Error::new(Kind::Invalid, format!("this is no project of an export: {why}")).at(told)
    })
}
