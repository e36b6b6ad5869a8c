//! Importing: what exports gave out becomes projects of the store. It only ever creates, as the
//! service's own import does.

use std::{fs, path::Path};

use rusqlite::Transaction;

use super::{
    imported::Imported,
    incoming::Incoming,
    store::{Store, add_project, failed},
    store_details::{StoredTaskDetails, to_json},
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
    /// Installs the bundle that a directory holds, a directory in it for each sort of item; without
    /// one of `projects`, its files are projects, `{root, preferences}` each. All is in a workspace
    /// that has the directory's name. Files that are none of a bundle are left alone and told.
    ///
    /// # Errors
    /// If the directory cannot be read or holds no project, or the store cannot be written.
    pub fn import_directory(&self, dir: &Path) -> Result<ImportReport> {
        let failed = |error| Error::io("cannot import", error).at(dir.display().to_string());
        let dir = fs::canonicalize(dir).map_err(failed)?;
        let is_whole = dir.join(PROJECTS).is_dir();
        let mut files = Vec::new();
        match is_whole {
            true => collect(&dir, "", is_of_bundle, &mut files)?,
            false => collect(&dir, "projects/", |path| !path.is_dir(), &mut files)?,
        }
        files.sort();
        let (bundle, others) = Incoming::of_files(files);
        let other = |(path, why): (String, String)| {
            let path = path.strip_prefix("projects/").filter(|_| !is_whole).unwrap_or(&path);
            Error::new(Kind::Invalid, format!("this is none of an export: {why}"))
                .at(dir.join(path).display().to_string())
        };
        let others: Vec<Error> = others.into_iter().map(other).collect();
        if bundle.projects.is_empty() {
            let none = Error::new(Kind::Invalid, "no file in it is a project of an export");
            let none = none.at(dir.display().to_string());
            return Err(match others.into_iter().next() {
                Some(first) => none.because(first),
                None => none,
            });
        }
        let named = if dir.ends_with(PROJECTS) { dir.parent().unwrap_or(&dir) } else { &dir };
        let name = named.file_name().map_or("Imported".into(), |name| name.to_string_lossy());
        let workspace = self.workspace_named(&name)?;
        let installed = self.install(&workspace, &bundle)?;
        let (workspace, projects) = (name.into_owned(), installed.project_count);
        Ok(ImportReport { workspace, projects, others })
    }

    /// Adds a project to a folder. Its id is new, those of its tasks are kept.
    pub(crate) fn import(&self, folder: &SpaceId, project: &Imported) -> Result<String> {
        let mut inner = self.lock();
        let transaction = inner.connection.transaction().map_err(failed)?;
        let id = add_imported(&transaction, folder.as_str(), project)?;
        transaction.commit().map_err(failed)?;
        Ok(id)
    }
}

/// Adds a project with everything that its export tells of it. Its id.
pub(crate) fn add_imported(
    transaction: &Transaction<'_>,
    folder: &str,
    project: &Imported,
) -> Result<String> {
    let id = random_name(16)?;
    add_project(transaction, &id, folder, &project.name, &project.tasks)
        .and_then(|()| surround(transaction, &id, project))
        .map_err(failed)?;
    Ok(id)
}

/// Whether something in the directory of a bundle belongs to it.
fn is_of_bundle(path: &Path) -> bool {
    const PARTS: [&str; 6] = ["projects", "agents", "templates", "automations", "apps", "media"];
    path.is_dir() && path.file_name().is_some_and(|name| PARTS.iter().any(|part| name == *part))
}

/// Reads the files below a directory of which this is true, and all below the directories of which it
/// is, by their paths in the bundle.
fn collect(
    dir: &Path,
    prefix: &str,
    is_wanted: fn(&Path) -> bool,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<()> {
    let failed = |path: &Path| {
        let shown = path.display().to_string();
        move |error| Error::io("cannot import", error).at(shown)
    };
    for entry in fs::read_dir(dir).map_err(failed(dir))? {
        let path = entry.map_err(failed(dir))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !is_wanted(&path) {
            continue;
        }
        match path.is_dir() {
            true => collect(&path, &format!("{prefix}{name}/"), |_| true, files)?,
            false => {
                files.push((format!("{prefix}{name}"), fs::read(&path).map_err(failed(&path))?))
            }
        }
    }
    Ok(())
}

/// Writes what a project has beside its outline.
fn surround(
    transaction: &Transaction<'_>,
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
        let of = StoredTaskDetails { connection: transaction, project, task };
        values.iter().try_for_each(|(field, value)| of.set_value(field, value))?;
    }
    Ok(())
}
