//! Extended attributes: where a project's saved text stands, why it was refused, why it is not
//! where it was to be, and which versions
//! from elsewhere its saves overrode.

use std::{ffi::OsStr, sync::Arc};

use rustix::fs::{XattrFlags, lgetxattr, llistxattr, lremovexattr, lsetxattr};

use super::{
    Vfs,
    reach::Reach,
    types::{Ino, ROOT},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Project, Standing},
};

const STATE: &str = "user.taskade.state";
const ERROR: &str = "user.taskade.error";
const CONFLICT: &str = "user.taskade.conflict";
const ID: &str = "user.taskade.id";

/// Longest value, and longest list of names, in bytes (`XATTR_SIZE_MAX`).
const LONGEST: usize = 64 << 10;

/// On the root: which process serves the mount, for whoever unmounts it and waits.
const PROCESS: &str = "user.taskade.pid";

/// On the root: the directory of the account, where commands find the process.
const ACCOUNT: &str = "user.taskade.account";

impl Vfs {
    /// The value of an attribute.
    ///
    /// # Errors
    /// [`Kind::NoAttribute`] if it is not set, [`Kind::Unsupported`] if there is none of its kind
    /// here: `ls` asks for access lists and security labels once then, and not for every file.
    pub fn getxattr(&self, ino: Ino, name: &OsStr) -> Result<Vec<u8>> {
        if !name.as_encoded_bytes().starts_with(b"user.") {
            return Err(Error::new(Kind::Unsupported, "no such kind of attribute here"));
        }
        if ino == ROOT && name == PROCESS {
            return Ok(std::process::id().to_string().into_bytes());
        }
        if ino == ROOT && name == ACCOUNT {
            let dir = self.engine.journal().dir();
            return Ok(dir.as_os_str().as_encoded_bytes().to_vec());
        }
        if let Ok(path) = self.scratch_path(ino) {
            let mut value = vec![0; LONGEST];
            let length = lgetxattr(&*path, name, &mut value[..])?;
            value.truncate(length);
            return Ok(value);
        }
        let value = self.project_of(ino).and_then(|project| self.value(&project, name.to_str()?));
        value.map(String::into_bytes).ok_or_else(|| Error::new(Kind::NoAttribute, "not set"))
    }

    /// The names of the attributes that are set, each ended by NUL.
    pub fn listxattr(&self, ino: Ino) -> Vec<u8> {
        if let Ok(path) = self.scratch_path(ino) {
            let mut names = vec![0; LONGEST];
            let length = llistxattr(&*path, &mut names[..]).unwrap_or_default();
            names.truncate(length);
            let names = names.split_inclusive(|byte| *byte == 0);
            return names.filter(|name| name.starts_with(b"user.")).flatten().copied().collect();
        }
        let Some(project) = self.project_of(ino) else { return Vec::new() };
        let is_set = |name: &&str| self.value(&project, name).is_some();
        let set = [STATE, ERROR, CONFLICT, ID].into_iter().filter(is_set);
        set.flat_map(|name| name.bytes().chain([0])).collect()
    }

    fn value(&self, project: &Arc<Project>, name: &str) -> Option<String> {
        match (name, project.standing()) {
            (STATE, Standing::Clean) => Some("clean".to_owned()),
            (STATE, Standing::Pending) => Some("pending".to_owned()),
            (STATE, Standing::Rejected(_)) => Some("rejected".to_owned()),
            (ERROR, Standing::Rejected(reason)) => Some(reason),
            (ERROR, _) => self.engine.unmoved_of(project),
            (CONFLICT, _) => {
                let files = self.conflicts_of(project);
                (!files.is_empty()).then(|| files.join("\n"))
            }
            (ID, _) => project.id().map(|id| id.as_str().to_owned()),
            _ => None,
        }
    }

    /// Sets an attribute of scratch.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] for what is Taskade's, and for other kinds than `user.`: editors that
    /// copy access lists go on then.
    pub fn setxattr(&self, ino: Ino, name: &OsStr, value: &[u8], flags: i32) -> Result<()> {
        let path = self.settable(ino, name)?;
        let flags = XattrFlags::from_bits_retain(u32::try_from(flags).unwrap_or_default());
        Ok(lsetxattr(&*path, name, value, flags)?)
    }

    /// Takes an attribute of scratch away.
    ///
    /// # Errors
    /// [`Kind::NoAttribute`] if it is not set, or as [`setxattr`](Self::setxattr).
    pub fn removexattr(&self, ino: Ino, name: &OsStr) -> Result<()> {
        let path = self
            .settable(ino, name)
            .map_err(|_| Error::new(Kind::NoAttribute, "nothing that can be removed"))?;
        Ok(lremovexattr(&*path, name)?)
    }

    fn settable(&self, ino: Ino, name: &OsStr) -> Result<Reach> {
        self.check_writable()?;
        let unsupported = || Error::new(Kind::Unsupported, "that attribute cannot be set here");
        if !name.as_encoded_bytes().starts_with(b"user.") {
            return Err(unsupported());
        }
        let path = self.scratch_path(ino).map_err(|_| unsupported())?;
        self.check_not_control(&path)?;
        Ok(path)
    }
}
