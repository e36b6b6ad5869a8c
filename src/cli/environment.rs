//! Secrets in the environment: taken out of it once read, so that neither a child of this process
//! nor `/proc/PID/environ` has them for as long as the process lives.

use std::{
    env,
    ffi::{CStr, c_char},
};

/// The variables that a token may be in: the first that is set counts.
pub(super) const TOKENS: [&str; 2] = ["TASKADE_TOKEN", "TASKADE_API_KEY"];

unsafe extern "C" {
    /// The environment (environ(7)).
    static mut environ: *mut *mut c_char;
}

/// The first of these variables that is set to more than white space; none of them is set after.
///
/// To be called while this process has one thread: environ(7) is not to be read and changed at the
/// same time.
pub(crate) fn take(names: &[&str]) -> Option<String> {
    let value = names.iter().find_map(|name| value_of(name));
    for name in names {
        overwrite(name);
        // SAFETY: no other thread runs, by the contract of this function.
        unsafe { env::remove_var(name) };
    }
    value
}

/// Whether one of these variables is set to more than white space.
pub(super) fn has(names: &[&str]) -> bool {
    names.iter().any(|name| value_of(name).is_some())
}

fn value_of(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.trim().is_empty())
}

/// Overwrites the value of a variable where it is: the kernel shows this memory.
fn overwrite(name: &str) {
    // SAFETY: no other thread runs, so nothing changes the list or its strings meanwhile; it ends
    // with a null pointer, and each string with NUL, before which all bytes may be written.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let text = CStr::from_ptr(*entry).to_bytes();
            let is_it =
                text.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="));
            if is_it {
                let (start, length) = (name.len() + 1, text.len() - name.len() - 1);
                std::ptr::write_bytes((*entry).add(start), b'*', length);
            }
            entry = entry.add(1);
        }
    }
}
