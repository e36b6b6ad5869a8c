//! `templates/` of a workspace or folder: its templates of projects by their names. A copy of one, or
//! one that is moved out, is a project that Taskade makes from it.
//!
//! Taskade's API tells the names of templates and nothing of what they hold, so a file holds a line that
//! says how it is used, and by which its copy is known.

use std::{collections::HashMap, ffi::OsStr, sync::Arc};

use crate::{
    api::RemoteTemplate,
    error::{Error, Kind, Result},
    file_name::PROJECT_SUFFIX,
    ids::TemplateId,
    sync::{
        MadeFrom, Process, Source,
        read::templates,
        upload::discard,
        write::accept::{self, Given},
    },
    vfs::{
        directory::no_entry,
        kernel_cache,
        names::{self, RESERVED, Titled},
        occupy::{self, RenameEnd},
        paths, rejected,
        resource_path::{List, ResourceNode},
        template_place::TemplatePlace,
        tree::sources::CopySource,
        types::Directory,
        volume::Vfs,
    },
};

/// The directory.
const TEMPLATES: &str = "templates";

/// The templates of a directory by their names.
async fn named_templates(
    vfs: &Vfs,
    directory: &Directory,
) -> Result<Vec<(String, RemoteTemplate)>> {
    let folder = directory.space().ok_or_else(no_entry)?;
    let templates = templates::templates(&vfs.engine, folder).await?;
    let titled = |template: &RemoteTemplate| Titled {
        id: template.id.as_str().to_owned(),
        title: template.name.clone(),
        suffix: PROJECT_SUFFIX,
    };
    let titled: Vec<Titled> = templates.iter().map(titled).collect();
    let names = names::assign(&titled, &HashMap::new());
    Ok(names.into_iter().zip(templates).collect())
}

/// What is in `templates/`.
pub(crate) async fn list(vfs: &Vfs, directory: &Directory) -> Result<Vec<(String, TemplatePlace)>> {
    let templates = named_templates(vfs, directory).await?.into_iter();
    Ok(templates.map(|(name, template)| (name, TemplatePlace::File(template.id))).collect())
}

/// What is there under this name.
pub(crate) async fn named(vfs: &Vfs, directory: &Directory, name: &OsStr) -> Result<TemplatePlace> {
    let is_it = |known: &str, _: &RemoteTemplate| name == OsStr::new(known);
    find(vfs, directory, is_it).await.map(|(_, template)| TemplatePlace::File(template.id))
}

async fn find(
    vfs: &Vfs,
    directory: &Directory,
    is_it: impl Fn(&str, &RemoteTemplate) -> bool,
) -> Result<(String, RemoteTemplate)> {
    let templates = named_templates(vfs, directory).await?;
    templates.into_iter().find(|(name, template)| is_it(name, template)).ok_or_else(no_entry)
}

/// What a file holds, which this program reads from now on.
pub(crate) async fn content(
    vfs: &Vfs,
    directory: &Directory,
    id: &TemplateId,
    process: Option<Process>,
) -> Result<Vec<u8>> {
    let (_, template) = find(vfs, directory, |_, template| template.id == *id).await?;
    let text = text(&template);
    if let Some(process) = process {
        vfs.tree().sources.note(process, CopySource::Template(directory.clone(), template));
    }
    Ok(text.into_bytes())
}

/// How many bytes a file has, if its template is known.
pub(crate) fn size(vfs: &Vfs, directory: &Directory, id: &TemplateId) -> Option<u64> {
    let known = vfs.engine.listings.templates_in(directory.space()?);
    let template = known.into_iter().find(|template| template.id == *id)?;
    Some(text(&template).len() as u64)
}

/// The line that stands for what a template holds.
fn line(template: &RemoteTemplate) -> String {
    let name = crate::file_name::safe(&template.name);
    format!("{name} is a template of Taskade: a copy of this file is a project made from it")
}

fn text(template: &RemoteTemplate) -> String {
    line(template) + "\n"
}

/// What a new file of this text is made from, if it is a copy of a template that was read.
pub(crate) async fn copied(
    vfs: &Vfs,
    (directory, template): (&Directory, &RemoteTemplate),
    text_of_copy: &[u8],
) -> Option<Given> {
    if text(template).as_bytes() != text_of_copy {
        return None;
    }
    let (name, _) = find(vfs, directory, |_, it| it.id == template.id).await.ok()?;
    Some(made_from(vfs, directory, &name, template))
}

fn made_from(vfs: &Vfs, directory: &Directory, name: &str, template: &RemoteTemplate) -> Given {
    let above = paths::directory(vfs, directory).map_or_else(String::new, |path| path + "/");
    let (id, line, title) = (template.id.clone(), line(template), template.name.clone());
    let source = Source::Template { id, name: title, line };
    let path = format!("{above}{RESERVED}/{TEMPLATES}/{name}");
    Given::Copied(MadeFrom { source, path }, None)
}

/// Makes a project from a template where its file is moved.
///
/// # Errors
/// What Taskade refuses it with, [`Kind::Exists`] if the name is taken, [`Kind::NotPermitted`] outside
/// all folders.
pub(crate) async fn move_out(
    vfs: &Arc<Vfs>,
    directory: &Directory,
    name: &OsStr,
    to: &OsStr,
    target: RenameEnd,
    process: Option<Process>,
) -> Result<()> {
    let (shown, template) = find(vfs, directory, |known, _| name == OsStr::new(known)).await?;
    let there = match target {
        RenameEnd::Free(there) | RenameEnd::LeftBehind(there, _) => there,
        RenameEnd::Project(..) | RenameEnd::Vacant(..) | RenameEnd::Space => {
            return Err(Error::new(Kind::Exists, "the name is taken").hint("move it to another"));
        }
        RenameEnd::Scratch => {
            return Err(Error::new(
                Kind::NotPermitted,
                "a template becomes a project under the name of one in a folder only",
            ));
        }
    };
    let project = occupy::make_project(vfs, &there, to)?;
    let given = made_from(vfs, directory, &shown, &template);
    let (base, text) = (accept::DraftBase::LastRead, text(&template).into_bytes());
    let saved = accept::save_given(&vfs.engine, &project, process, base, text, given).await;
    if let Err(error) = saved.result {
        // There is nothing in it to be kept.
        discard::discard(&vfs.engine, &project).await?;
        rejected::drop_new(vfs, &project);
        return Err(error);
    }
    let node = ResourceNode::new(directory, List::Templates(TemplatePlace::File(template.id)));
    kernel_cache::become_project(vfs, &node, &project);
    Ok(())
}
