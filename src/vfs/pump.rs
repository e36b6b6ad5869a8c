//! Telling the kernel of what changed: the only place that does.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
};

use futures_util::FutureExt as _;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    ids::SpaceId,
    sync::Event,
    vfs::{
        directory,
        invalidation::{Invalidate, Invalidation},
        kernel_cache, pins, raise,
        turn::{Turn, under_lock},
        types::{Directory, Ino},
        volume::Vfs,
    },
};

/// Tells the kernel of every change until the mount is gone. The only place that does.
pub(crate) async fn pump(
    vfs: Arc<Vfs>,
    mut events: mpsc::UnboundedReceiver<Event>,
    mut invalidations: mpsc::UnboundedReceiver<Invalidation>,
    kernel: Arc<dyn Invalidate>,
) {
    vfs.is_heard.store(true, Ordering::Release);
    loop {
        let dropping = invalidate_all(&vfs, &mut events, &mut invalidations, &kernel);
        match AssertUnwindSafe(dropping).catch_unwind().await {
            Ok(()) => return,
            // One change was not told; the kernel asks again once it has forgotten.
            Err(_) => tracing::error!("the kernel was not told of a change"),
        }
    }
}

async fn invalidate_all(
    vfs: &Arc<Vfs>,
    events: &mut mpsc::UnboundedReceiver<Event>,
    invalidations: &mut mpsc::UnboundedReceiver<Invalidation>,
    kernel: &Arc<dyn Invalidate>,
) {
    let turn = Turn::default();
    let mut tellers = JoinSet::new();
    tellers.spawn(raise::tell_files(vfs.clone(), kernel.clone(), turn.clone()));
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => take_notice(vfs, event).await,
                None => return,
            },
            Some(invalidation) = invalidations.recv() => match invalidation {
                Invalidation::Inode(ino) => {
                    let kernel = kernel.clone();
                    if tokio::task::spawn_blocking(move || kernel.inode(ino)).await.is_err() {
                        return;
                    }
                    if let Some(project) = vfs.project_of(ino) {
                        vfs.tree().sized.remove(&project.serial);
                    }
                }
                Invalidation::Entry(parent, name) => {
                    let (shared, kernel, turn) = (vfs.clone(), kernel.clone(), turn.clone());
                    vfs.engine.tasks.spawn("dropping a name", async move {
                        let drops = move || kernel.entry(parent, &name);
                        // `None` only if the mount is gone.
                        let _ = under_lock(&shared, parent, &turn, drops).await;
                    });
                }
                Invalidation::Names(parent) => {
                    if vfs.raisers.are_known() && vfs.tree().telling.insert(parent) {
                        let (shared, kernel, turn) = (vfs.clone(), kernel.clone(), turn.clone());
                        let telling = raise::tell_names(shared, parent, kernel, turn);
                        vfs.engine.tasks.spawn("telling of names", telling);
                    }
                }
                Invalidation::Content(serial) => raise::note_content(vfs, serial),
                // Who no longer waits needs no answer.
                Invalidation::Heard(waits) => drop(waits.send(())),
            },
        }
    }
}

pub(crate) async fn take_notice(vfs: &Arc<Vfs>, event: Event) {
    match event {
        Event::Content(serial) | Event::Saved(serial) => {
            let ino = vfs.tree().inodes.of_serial(serial);
            if let Some(ino) = ino {
                let project = vfs.project_of(ino);
                if !project.is_some_and(|project| pins::part_if_outgrown(vfs, &project)) {
                    kernel_cache::invalidate(vfs, Invalidation::Inode(ino));
                }
            }
            if matches!(event, Event::Content(_)) {
                // Once the kernel has heard.
                kernel_cache::invalidate(vfs, Invalidation::Content(serial));
            }
        }
        Event::Directory(space) => {
            let shared = vfs.clone();
            // There may be many. It fails only if the mount is gone.
            let _ = tokio::task::spawn_blocking(move || name_anew(&shared, space.as_ref())).await;
        }
    }
}

/// What was listed of a space is another than before: its names are given anew, without
/// waiting for somebody to look, so that the kernel hears which of them are gone.
pub(crate) fn name_anew(vfs: &Vfs, space: Option<&SpaceId>) {
    let shown: Vec<(Ino, Directory)> = {
        let tree = vfs.tree();
        let shown = tree.directories().filter(|(_, directory)| directory.space() == space);
        shown.map(|(ino, directory)| (ino, directory.clone())).collect()
    };
    for (ino, directory) in shown {
        kernel_cache::invalidate(vfs, Invalidation::Inode(ino));
        // What nobody looked into has given no name away.
        if vfs.tree().entries.contains_key(&directory) {
            directory::known_entries(vfs, &directory);
        }
    }
}
