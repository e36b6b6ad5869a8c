//! The `taskadefs` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    taskadefs::cli::run(std::env::args_os(), taskadefs_version::version!())
}
