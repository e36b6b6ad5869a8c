//! Places below `.taskade/` of a folder, as the kernel gets to them: a name at a time.

use std::ffi::OsStr;

use taskadefs::{
    error::Result,
    vfs::{Attr, Ino},
};

use crate::support::harness::{Mount, me};

impl Mount {
    /// Looks a path below the folder up.
    pub async fn find(&self, path: &str) -> Result<Attr> {
        let mut attr = self.vfs.getattr(self.folder, me()).await?;
        for name in path.split('/') {
            attr = self.vfs.lookup(attr.ino, OsStr::new(name), me()).await?;
        }
        Ok(attr)
    }

    /// The inode at a path below the folder.
    pub async fn place(&self, path: &str) -> Ino {
        self.find(path).await.unwrap().ino
    }

    /// What waits or was refused: path, state and kind.
    pub fn waiting(&self) -> Vec<(String, &'static str, &'static str)> {
        let saves = self.vfs.status().saves.into_iter();
        saves.map(|save| (save.path, save.state, save.kind)).collect()
    }
}
