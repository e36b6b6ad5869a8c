//! What programs do to files in `.taskade/media/`, and what becomes of it on its way to Taskade. The
//! file system driven directly, over a service in memory, in virtual time.

mod in_doubt;
mod removal;
mod renaming;
mod uploads;
