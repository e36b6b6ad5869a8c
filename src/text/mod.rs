//! Between the tasks of a project and the bytes of its file. Pure.

pub(crate) mod checks;
pub(crate) mod codec;
pub(crate) mod content_type;
pub(crate) mod details;
pub(crate) mod meaning;
