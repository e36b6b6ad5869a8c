//! Paths on the local disk that may be longer than the kernel takes (`PATH_MAX`): what stands in
//! front of a path in the mount, the place in the state directory, counts there as well.

use std::{
    ffi::OsStr,
    fs::OpenOptions,
    ops::Deref,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use crate::kernel_thread;

/// How long a path may be that is given to the kernel as it is, and how much of a longer one is
/// gone by way of a descriptor, in bytes. What is left has more than one name.
pub(crate) const LONGEST: usize = 3800;

pub(crate) const STEP: usize = 2000;

/// A path that can be reached. A long one leads through a descriptor, which lives as long.
#[derive(Debug)]
pub(crate) struct Reach {
    path: PathBuf,
    _through: Option<OwnedFd>,
}

impl Reach {
    /// A path of any length; what is wrong with it is told by whoever uses it.
    pub(crate) fn of(path: PathBuf) -> Self {
        kernel_thread::assert_not_serving("the local disk is used");
        let mut reach = Self { path, _through: None };
        while reach.path.as_os_str().len() > LONGEST {
            let bytes = reach.path.as_os_str().as_bytes();
            let Some(end) = bytes.get(..STEP).and_then(|b| b.iter().rposition(|b| *b == b'/'))
            else {
                break;
            };
            let (front, rest) =
                (OsStr::from_bytes(&bytes[..end]), OsStr::from_bytes(&bytes[end + 1..]));
            let flags = libc::O_PATH | libc::O_DIRECTORY;
            let Ok(front) = OpenOptions::new().read(true).custom_flags(flags).open(front) else {
                break;
            };
            let mut path = PathBuf::from(format!("/proc/self/fd/{}", front.as_raw_fd()));
            path.push(rest);
            reach = Self { path, _through: Some(front.into()) };
        }
        reach
    }

    /// What is in the directory under this name.
    pub(crate) fn join(self, name: &OsStr) -> Self {
        let path = self.path.join(name);
        let Self { _through, .. } = self;
        let longer = Self { path, _through };
        if longer.path.as_os_str().len() > LONGEST { longer.shortened() } else { longer }
    }

    /// By way of another descriptor, which this one leads to.
    fn shortened(self) -> Self {
        // The descriptor so far is needed until there is the next.
        let Self { path, _through } = self;
        let shorter = Self::of(path);
        drop(_through);
        shorter
    }
}

impl Deref for Reach {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for Reach {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{LONGEST, Reach};

    #[test]
    fn a_path_of_any_length_is_reached() {
        let dir = tempfile::tempdir().unwrap();
        let (mut reach, mut path) = (Reach::of(dir.path().to_owned()), dir.path().to_owned());
        let name = "n".repeat(250);
        while path.as_os_str().len() < 3 * LONGEST {
            path.push(&name);
            reach = reach.join(name.as_ref());
            fs::create_dir(&reach).unwrap();
        }
        fs::write(reach.join("file".as_ref()), "deep").unwrap();
        let found = Reach::of(path.join("file"));
        assert_eq!(fs::read_to_string(&found).unwrap(), "deep");
        assert!(found.as_os_str().len() <= LONGEST);
    }
}
