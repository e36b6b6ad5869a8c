//! What outlives the process, in files: the journal, what was refused, the history, the cache.
//! Blocking, and with no idea of who asks.

pub(crate) mod agent_bases;
pub(crate) mod agent_history;
pub(crate) mod artifacts;
pub(crate) mod base_file;
pub(crate) mod base_lines;
pub(crate) mod base_log;
pub(crate) mod base_records;
pub(crate) mod base_writer;
pub(crate) mod cache;
pub(crate) mod cache_age;
pub(crate) mod cache_details;
pub(crate) mod cache_schema;
pub(crate) mod cache_time;
pub(crate) mod cache_writer;
pub(crate) mod changes;
pub(crate) mod given_names;
pub(crate) mod habits;
pub(crate) mod history;
pub(crate) mod journal;
pub(crate) mod media_files;
pub(crate) mod media_names;
pub(crate) mod memory_dir;
pub(crate) mod names;
pub(crate) mod operations;
pub(crate) mod reidentified;
pub(crate) mod reinstated;
pub(crate) mod rejected;
pub(crate) mod rejected_removals;
pub(crate) mod remarks;
pub(crate) mod removals;
pub(crate) mod salvage;
pub(crate) mod same_bytes;
pub(crate) mod schema;
pub(crate) mod unmoved;
pub(crate) mod upload_files;
