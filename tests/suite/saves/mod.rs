//! What programs write, and what becomes of it on its way to Taskade.

mod bases_across_mounts;
mod close_errors;
mod conflicts;
mod crash;
mod details;
mod discarded;
mod exchange;
mod history;
mod long_outage;
mod offline;
mod paste_after_delete;
mod paste_back;
mod pending;
mod pending_deletes;
mod plan_on_server;
mod rejected;
mod relocation;
mod remote_failures;
mod removal;
mod requests;
mod restored_backups;
mod served_bases;
mod transfer;
mod truncation;
mod typed_lines;
