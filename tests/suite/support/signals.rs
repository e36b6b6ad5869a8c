//! Programs that can be interrupted as at a terminal, whatever runs the tests: what a shell begins in
//! the background, or under nohup(1), has signals ignored, and so has whatever that begins.

use std::{io, os::unix::process::CommandExt, process::Command};

/// Has a program begin as a terminal's shell begins it.
pub(crate) fn interruptible(command: &mut Command) -> &mut Command {
    // SAFETY: signal(2) may be called between fork and exec, and touches no memory.
    unsafe {
        command.pre_exec(|| match libc::signal(libc::SIGINT, libc::SIG_DFL) {
            libc::SIG_ERR => Err(io::Error::last_os_error()),
            _ => Ok(()),
        })
    }
}
