//! Settling saves that were refused: trying again, and giving up.

use std::{ffi::OsString, sync::Arc};

use super::{Vfs, inode::Directory, tree::Local, types::Ino};
use crate::{
    error::{Error, Kind, Result},
    sync::Project,
};

impl Vfs {
    /// Tries the refused save of a project again; with `allow_delete` however much it deletes.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if nothing was refused; otherwise as a save.
    pub async fn retry(&self, ino: Ino, allow_delete: bool) -> Result<()> {
        self.check_writable()?;
        self.engine.retry(&self.project_at(ino)?, allow_delete).await
    }

    /// Gives the refused save of a project up. A project that was never created is gone then.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if nothing was refused, [`Kind::Storage`] if it cannot be noted.
    pub async fn discard(&self, ino: Ino) -> Result<()> {
        let project = self.project_at(ino)?;
        self.engine.discard(&project).await?;
        if project.id().is_none() && project.is_blank() {
            self.drop_new(&project);
        }
        Ok(())
    }

    fn project_at(&self, ino: Ino) -> Result<Arc<Project>> {
        self.node(ino)?;
        self.project_of(ino)
            .ok_or_else(|| Error::new(Kind::Invalid, "not a project").hint("name a project's file"))
    }

    /// Takes away the names of a project that is not to be created after all.
    pub(crate) fn drop_new(&self, project: &Project) {
        let is_it = |local: &Local| match local {
            Local::New(new) => new.serial == project.serial,
            Local::Vacant(_) => false,
        };
        let mut tree = self.tree();
        let mut dropped: Vec<(Directory, OsString)> = Vec::new();
        for (directory, locals) in &mut tree.locals {
            let names = locals.extract_if(|_, local| is_it(local)).map(|(name, _)| name);
            dropped.extend(names.map(|name| (directory.clone(), name)));
        }
        for (directory, name) in dropped {
            if let Some(parent) = tree.known_directory(&directory) {
                self.tell_names(parent, [name]);
            }
        }
    }
}
