//! Extended attributes: where a project's saved text stands, why it was refused, why it is not
//! where it was to be, and which versions
//! from elsewhere its saves overrode.

use std::{ffi::OsStr, sync::Arc};

use rustix::fs::{XattrFlags, lgetxattr, llistxattr, lremovexattr, lsetxattr};

use crate::{
    error::{Error, Kind, Result},
    kernel_thread,
    sync::{Project, Standing, upload::unmoved},
    vfs::{
        control,
        inode::Node,
        operations,
        reach::Reach,
        resource_path::ResourceNode,
        scratch,
        types::{Ino, ROOT},
        volume::Vfs,
    },
};

pub(crate) const STATE: &str = "user.taskade.state";

pub(crate) const ERROR: &str = "user.taskade.error";

pub(crate) const CONFLICT: &str = "user.taskade.conflict";

pub(crate) const ID: &str = "user.taskade.id";

/// Longest value, and longest list of names, in bytes (`XATTR_SIZE_MAX`).
pub(crate) const LONGEST: usize = 64 << 10;

/// On the root: which process serves the mount, for whoever unmounts it and waits.
pub(crate) const PROCESS: &str = "user.taskade.pid";

/// On the root: the directory of the account, where commands find the process.
pub(crate) const ACCOUNT: &str = "user.taskade.account";

/// The value of an attribute.
///
/// # Errors
/// [`Kind::NoAttribute`] if it is not set, [`Kind::Unsupported`] if there is none of its kind
/// here: `ls` asks for access lists and security labels once then, and not for every file.
pub(crate) async fn getxattr(vfs: &Vfs, ino: Ino, name: &OsStr) -> Result<Vec<u8>> {
    if !name.as_encoded_bytes().starts_with(b"user.") {
        return Err(Error::new(Kind::Unsupported, "no such kind of attribute here"));
    }
    kernel_thread::leave().await;
    if ino == ROOT && name == PROCESS {
        return Ok(std::process::id().to_string().into_bytes());
    }
    if ino == ROOT && name == ACCOUNT {
        let dir = vfs.engine.journal().dir();
        return Ok(dir.as_os_str().as_encoded_bytes().to_vec());
    }
    if let Ok(path) = scratch::scratch_path(vfs, ino) {
        let mut value = vec![0; LONGEST];
        let length = lgetxattr(&*path, name, &mut value[..])?;
        value.truncate(length);
        return Ok(value);
    }
    let value = value_at(vfs, ino, name);
    value.map(String::into_bytes).ok_or_else(|| Error::new(Kind::NoAttribute, "not set"))
}

/// The names of the attributes that are set, each ended by NUL.
pub(crate) async fn listxattr(vfs: &Vfs, ino: Ino) -> Vec<u8> {
    kernel_thread::leave().await;
    if let Ok(path) = scratch::scratch_path(vfs, ino) {
        let mut names = vec![0; LONGEST];
        let length = llistxattr(&*path, &mut names[..]).unwrap_or_default();
        names.truncate(length);
        let names = names.split_inclusive(|byte| *byte == 0);
        return names.filter(|name| name.starts_with(b"user.")).flatten().copied().collect();
    }
    let is_set = |name: &&str| value_at(vfs, ino, OsStr::new(name)).is_some();
    let set = [STATE, ERROR, CONFLICT, ID].into_iter().filter(is_set);
    set.flat_map(|name| name.bytes().chain([0])).collect()
}

fn value_at(vfs: &Vfs, ino: Ino, name: &OsStr) -> Option<String> {
    let name = name.to_str()?;
    match vfs.node(ino).ok()? {
        Node::Project(project) => value(vfs, &project, name),
        Node::Resource(node) => value_of_place(vfs, &node, name),
        Node::Directory { .. } | Node::Scratch(_) => None,
    }
}

fn value_of_place(vfs: &Vfs, node: &ResourceNode, name: &str) -> Option<String> {
    if !node.has_state() {
        return None;
    }
    let refusal = operations::operation_of(vfs, node).map(|operation| operation.refusal);
    match (name, refusal) {
        (STATE, None) => Some("clean".to_owned()),
        (STATE, Some(None)) => Some("pending".to_owned()),
        (STATE, Some(Some(_))) => Some("rejected".to_owned()),
        (ERROR, Some(Some(refusal))) => Some(refusal.reason),
        (ID, _) => node.id(),
        _ => None,
    }
}

pub(crate) fn value(vfs: &Vfs, project: &Arc<Project>, name: &str) -> Option<String> {
    match (name, project.standing()) {
        (STATE, Standing::Clean) => Some("clean".to_owned()),
        (STATE, Standing::Pending) => Some("pending".to_owned()),
        (STATE, Standing::Rejected(_)) => Some("rejected".to_owned()),
        (ERROR, Standing::Rejected(reason)) => Some(reason),
        (ERROR, _) => unmoved::unmoved_of(&vfs.engine, project),
        (CONFLICT, _) => {
            let files = control::conflicts_of(vfs, project);
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
pub(crate) async fn setxattr(
    vfs: &Vfs,
    ino: Ino,
    name: &OsStr,
    value: &[u8],
    flags: i32,
) -> Result<()> {
    let path = settable(vfs, ino, name).await?;
    let flags = XattrFlags::from_bits_retain(u32::try_from(flags).unwrap_or_default());
    Ok(lsetxattr(&*path, name, value, flags)?)
}

/// Takes an attribute of scratch away.
///
/// # Errors
/// [`Kind::NoAttribute`] if it is not set, or as [`setxattr`](Vfs::setxattr).
pub(crate) async fn removexattr(vfs: &Vfs, ino: Ino, name: &OsStr) -> Result<()> {
    let path = settable(vfs, ino, name)
        .await
        .map_err(|_| Error::new(Kind::NoAttribute, "nothing that can be removed"))?;
    Ok(lremovexattr(&*path, name)?)
}

pub(crate) async fn settable(vfs: &Vfs, ino: Ino, name: &OsStr) -> Result<Reach> {
    vfs.check_writable_at(ino)?;
    let unsupported = || Error::new(Kind::Unsupported, "that attribute cannot be set here");
    if !name.as_encoded_bytes().starts_with(b"user.") {
        return Err(unsupported());
    }
    kernel_thread::leave().await;
    let path = scratch::scratch_path(vfs, ino).map_err(|_| unsupported())?;
    control::check_not_control(vfs, &path)?;
    Ok(path)
}
