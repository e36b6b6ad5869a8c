//! One project and its locks.
//!
//! Lock order, outermost first: `remote` (one conversation with the service about the project at a
//! time), `transition` (one change of it at a time, with its journal entry), `current` (never held
//! across an await, and for pure calls only).

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, LazyLock},
    time::{Instant, SystemTime},
};

use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::{
    error::Error,
    ids::{ProjectId, SpaceId},
    lock_order::{self, Ordered, OrderedGuard, Rank},
    model::FieldSchema,
    plan::Outline,
    replica::{
        current::Current,
        served::Process,
        standing::{Awaited, Standing},
        state::Replica,
    },
    store::base_log::BaseLog,
    text::{
        codec::FileFormat,
        fields::{FieldPlacement, FieldView},
    },
};

/// How far the saves of a project have come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// The newest save about which there is a verdict.
    pub(crate) generation: u64,
    /// The refusal, if that is the verdict.
    pub(crate) rejected: Option<Error>,
}

/// How far the renamings of a project have come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relocated {
    /// The newest renaming about which there is a verdict.
    pub(crate) ticket: u64,
    /// The refusal, if that is the verdict.
    pub(crate) rejected: Option<Error>,
}

/// A project that is looked at. What is to be logged of who read what is written as soon as it is let
/// go of, before whoever looked goes on: see [`BaseLog`].
#[derive(Debug)]
pub(crate) struct CurrentGuard<'a> {
    // Let go of before the log is written.
    guard: OrderedGuard<'a, Current>,
    logging: Logging<'a>,
}

#[derive(Debug)]
struct Logging<'a> {
    log: &'a Arc<BaseLog>,
    has_records: bool,
}

impl Deref for CurrentGuard<'_> {
    type Target = Current;

    fn deref(&self) -> &Current {
        &self.guard
    }
}

impl DerefMut for CurrentGuard<'_> {
    fn deref_mut(&mut self) -> &mut Current {
        &mut self.guard
    }
}

impl Drop for CurrentGuard<'_> {
    fn drop(&mut self) {
        self.logging.has_records = self.guard.take_records();
    }
}

impl Drop for Logging<'_> {
    fn drop(&mut self) {
        if self.has_records {
            self.log.flush();
        }
    }
}

/// One project of the mount.
#[derive(Debug)]
pub struct Project {
    /// Unique in this mount, also before the project has an id.
    pub serial: u64,
    /// Serialises conversations with the service about this project.
    pub(crate) remote: AsyncMutex<()>,
    /// Serialises transitions: see [`Transition`](crate::sync::transition::Transition).
    pub(crate) transition: AsyncMutex<()>,
    /// Of most projects nothing is ever saved: the first save makes it.
    pub(crate) progress: LazyLock<watch::Sender<Progress>>,
    pub(crate) relocated: LazyLock<watch::Sender<Relocated>>,
    current: Ordered<Current>,
    /// What programs have before their eyes, on disk.
    base_log: Arc<BaseLog>,
    format: Ordered<Arc<FileFormat>>,
    placement: FieldPlacement,
}

impl Project {
    pub(crate) fn new(
        serial: u64,
        id: Option<ProjectId>,
        folder: SpaceId,
        title: String,
        modified: SystemTime,
        (format, placement): (FileFormat, FieldPlacement),
        base_log: Arc<BaseLog>,
    ) -> Self {
        let replica = Replica::new(id, folder, title, modified);
        Self {
            serial,
            remote: AsyncMutex::new(()),
            transition: AsyncMutex::new(()),
            progress: LazyLock::new(watch::Sender::default),
            relocated: LazyLock::new(watch::Sender::default),
            current: Ordered::new(Rank::Replica, Current::new(replica)),
            base_log,
            format: Ordered::leaf(Arc::new(format)),
            placement,
        }
    }

    pub(crate) fn lock(&self) -> CurrentGuard<'_> {
        let logging = Logging { log: &self.base_log, has_records: false };
        CurrentGuard { guard: self.current.lock(), logging }
    }

    /// Its id, once it has one.
    pub fn id(&self) -> Option<ProjectId> {
        self.lock().id().cloned()
    }

    /// Whether it is not created yet, or what was made of the request is not known yet.
    pub(crate) fn is_unborn(&self) -> bool {
        self.lock().is_unborn()
    }

    /// Whether nothing of it is saved or waits.
    pub(crate) fn is_blank(&self) -> bool {
        self.lock().is_blank()
    }

    /// Its title, as Taskade has it or is to have it.
    pub fn title(&self) -> String {
        self.lock().title().to_owned()
    }

    /// The folder that it is in.
    pub fn folder(&self) -> SpaceId {
        self.lock().folder().clone()
    }

    /// How many bytes a reader gets now; 0 if it was never read.
    pub fn size(&self) -> u64 {
        self.lock().size()
    }

    /// Whether a reader gets something with no request.
    pub(crate) fn is_known(&self) -> bool {
        self.lock().is_known()
    }

    /// Moves whenever what readers get does.
    pub fn version(&self) -> u64 {
        self.lock().version()
    }

    /// When its content last changed.
    pub fn modified(&self) -> SystemTime {
        self.lock().modified()
    }

    /// Sets the time of last change, as `utimensat` of a process asks at `now`.
    pub(crate) fn set_modified(&self, time: SystemTime, now: SystemTime, process: Option<Process>) {
        self.lock().set_modified(time, now, process);
    }

    /// When anything of it last changed, whose content shows `modified` as its time: that, or when a
    /// program set it.
    pub fn changed(&self, modified: SystemTime) -> SystemTime {
        self.lock().time_set(modified).unwrap_or(modified)
    }

    /// Notes under which name it was looked up.
    pub fn note_path(&self, directory: &str, name: &str) {
        let mut state = self.lock();
        let is_known = state
            .path
            .as_ref()
            .is_some_and(|(in_directory, known)| **in_directory == *directory && **known == *name);
        if !is_known {
            state.path = Some((Arc::from(directory), Arc::from(name)));
        }
    }

    /// Where its saved text stands.
    pub fn standing(&self) -> Standing {
        self.lock().standing()
    }

    /// What Taskade refused the save of this very outline with, if it did.
    pub(crate) fn rejection_of(&self, written: &Arc<Outline>) -> Option<Error> {
        let state = self.lock();
        let rejection = state.rejection_of(written)?;
        Some(Error::new(rejection.kind, rejection.reason.clone()))
    }

    /// What of its existence is not with Taskade yet.
    pub(crate) fn awaits(&self) -> Option<Awaited> {
        self.lock().awaits()
    }

    /// Since when its saved text is not what Taskade has.
    pub fn unsettled_since(&self) -> SystemTime {
        self.lock().unsettled_since()
    }

    /// How its file is written.
    pub(crate) fn format(&self) -> Arc<FileFormat> {
        self.format.lock().clone()
    }

    /// Shows these fields from now on, which the project defines as an export told that was asked for
    /// then. Texts that were rendered before stay as they are.
    pub(crate) fn learn_fields(&self, fields: &FieldSchema, asked: Option<Instant>) {
        let mut format = self.format.lock();
        let is_known = match &format.fields {
            Some(view) => view.schema() == fields,
            None => fields.is_empty(),
        };
        if !is_known {
            let fields = FieldView::new(fields.clone(), self.placement).map(Arc::new);
            *format = Arc::new(FileFormat { fields, ..FileFormat::clone(&format) });
        }
        drop(format);
        self.lock().names.note_exported(asked, !is_known);
    }

    /// The fields that it defines, if an export told.
    pub(crate) fn exported_fields(&self) -> Option<FieldSchema> {
        let is_exported = self.lock().names.is_exported;
        is_exported.then(|| self.fields())
    }

    /// The fields that it is known to define.
    pub(crate) fn fields(&self) -> FieldSchema {
        let format = self.format();
        format.fields.as_ref().map(|view| view.schema().clone()).unwrap_or_default()
    }

    /// The text of an outline, as the file shows it.
    pub(crate) fn render(&self, outline: &Outline) -> Arc<[u8]> {
        lock_order::assert_outside(Rank::Replica, "rendering");
        Arc::from(self.format().render(outline).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Project;
    use crate::{plan::Item, replica::state::Replica};

    /// All projects that were ever listed stay in memory, and each transition copies a replica: what few
    /// of them have is behind a pointer.
    #[test]
    fn a_project_of_which_nothing_is_saved_takes_little() {
        assert!(size_of::<Project>() <= 1600, "{}", size_of::<Project>());
        assert!(size_of::<Replica>() <= 576, "{}", size_of::<Replica>());
        assert!(size_of::<Item>() <= 64, "{}", size_of::<Item>());
    }
}
