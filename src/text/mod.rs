//! Between the tasks of a project, or what an agent is set to, and the bytes of a file. Pure.

pub(crate) mod carried;
pub(crate) mod checks;
pub(crate) mod codec;
#[cfg(test)]
mod codec_laws_tests;
#[cfg(test)]
mod codec_tests;
pub(crate) mod content_type;
pub(crate) mod details;
#[cfg(test)]
mod field_tests;
pub(crate) mod fields;
pub(crate) mod meaning;
pub(crate) mod media_type;
pub(crate) mod moved;
pub(crate) mod prompt;
pub(crate) mod table;
#[cfg(test)]
mod table_tests;
