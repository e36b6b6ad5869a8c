//! New files that are copies: what their program has read says just what they say. A copy of a project
//! is made by Taskade, with all that the project has beside its text.
//!
//! A text that only happens to be the same is no copy, nor is one of a project that has not got to
//! Taskade as it is read.

use std::sync::Arc;

use crate::{
    sync::{MadeFrom, Process, Project, Source, Standing, residency, write::accept::Given},
    vfs::{paths, templates, tree::sources::CopySource, volume::Vfs},
};

/// How the first text of a new project, written by this program, comes to be saved.
pub(crate) async fn given(
    vfs: &Vfs,
    project: &Arc<Project>,
    process: Option<Process>,
    text: &[u8],
) -> Given {
    let is_new = project.id().is_none() && project.is_unborn() && project.is_blank();
    let Some(process) = process.filter(|_| is_new && !text.is_empty()) else {
        return Given::Written;
    };
    let opened = vfs.tree().sources.of(process);
    for opened in opened {
        let given = match opened {
            CopySource::Project(original) => copy_of(vfs, project, &original, text).await,
            CopySource::Template(directory, template) => {
                templates::copied(vfs, (&directory, &template), text).await
            }
        };
        if let Some(given) = given {
            return given;
        }
    }
    Given::Written
}

/// The copy of a project, if Taskade has it as this text says. The copy shows its fields as it does.
async fn copy_of(
    vfs: &Vfs,
    project: &Arc<Project>,
    original: &Arc<Project>,
    text: &[u8],
) -> Option<Given> {
    let engine = &vfs.engine;
    residency::ensure(engine, original).await;
    let id = original.id()?;
    let is_there = {
        let state = original.lock();
        state.shows_remote() && !state.is_relocated() && !state.is_to_be_archived()
    };
    if !is_there || original.standing() != Standing::Clean || engine.listings.is_archived(&id) {
        return None;
    }
    let content = residency::content(engine, original)?;
    if *content.text != *text || content.outline.items.is_empty() {
        return None;
    }
    let fields = original.fields();
    if !fields.is_empty() {
        project.learn_fields(&fields, None);
    }
    let (path, source) = (paths::path_of(vfs, original), Source::Project(id));
    Some(Given::Copied(MadeFrom { source, path }, Some(content.outline)))
}
