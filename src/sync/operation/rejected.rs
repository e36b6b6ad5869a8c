//! The texts of operations that were refused: copies in `rejected/`, which people find there as long as
//! the journal has the refusal.

use std::sync::Arc;

use crate::{
    clock::rfc3339,
    file_name::PROJECT_SUFFIX,
    store::{artifacts::ArtifactKind, operations::Operation},
    sync::{engine::Engine, operation::agent::typed_text, rejected_copies::Copy},
};

/// The name of the copy that there is to be of an operation; `None` of one that saves no text. Where it
/// may block.
pub(crate) fn free_name(engine: &Engine, operation: &Operation) -> Option<String> {
    typed_text::text_of(operation)?;
    let folders = engine.listings.names_of(&operation.space);
    let path = operation.path.strip_prefix(".taskade/").unwrap_or(&operation.path);
    let title = path.strip_suffix(PROJECT_SUFFIX).unwrap_or(path);
    Some(engine.artifacts.free_name(ArtifactKind::Rejected, &folders, title, ""))
}

/// The copy that there is to be of an operation as it is.
pub(crate) fn copy_of(operation: &Operation) -> Option<Copy> {
    let refusal = operation.refusal.as_ref()?;
    let (file, text) = (refusal.file.clone()?, typed_text::text_of(operation)?);
    let when = rfc3339(refusal.since);
    let reason = format!(
        "{}\n\nWhen: {when}\n\nIt is kept here until it is settled: save another text that goes \
         through, or run `taskadefs retry PATH`, or give it up with `taskadefs discard PATH`.\n",
        refusal.reason
    );
    Some((Arc::from(text), file, reason))
}
