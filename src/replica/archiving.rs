//! How a project comes to be archived, and to be back. Pure.
//!
//! Until the request is sent an archival is taken back without Taskade; from then on Taskade is to be
//! asked to restore the project, before anything else of it is sent.

use crate::{
    ids::ProjectId,
    replica::{archival::Archival, pending::PendingSave, state::Replica},
};

impl Replica {
    /// Whether it is to be archived, or may have been, and the journal is to know that.
    pub(crate) fn is_to_be_archived(&self) -> bool {
        self.archival != Archival::No
    }

    /// It is to be archived once its saves are through.
    pub(crate) fn want_archival(&mut self) {
        self.archival = Archival::Wanted;
    }

    /// What is wanted is about to be sent: from here on it is not taken back without Taskade. The
    /// project that is to be archived; `None` if that is done, or not wanted.
    pub(crate) fn begin_archival(&mut self) -> Option<ProjectId> {
        match self.archival {
            Archival::No | Archival::Done { .. } => None,
            Archival::Wanted | Archival::Sent => {
                self.archival = Archival::Sent;
                self.id.clone()
            }
        }
    }

    /// The request to archive it was not executed, and is still wanted if nobody has taken it back.
    pub(crate) fn note_archival_unsent(&mut self) {
        self.go_on_archiving(Archival::Wanted);
    }

    /// It is archived, by a request from `here` or not, or cannot be. Where the archival was taken back
    /// it is to be restored, which stands.
    pub(crate) fn note_archived(&mut self, here: bool) {
        self.go_on_archiving(Archival::Done { here });
    }

    /// Whether a request from here has archived it, which the journal is still to be told.
    pub(crate) fn is_archived_here(&self) -> bool {
        self.archival == Archival::Done { here: true }
    }

    /// The archival is over. With it goes whatever waited: nothing is sent of an archived project.
    pub(crate) fn conclude_archival(&mut self) {
        self.archival = Archival::No;
        self.local.settle();
    }

    /// It is not to be archived any more. Whether that was all: its archival waited and was never sent,
    /// so that Taskade is not to be asked to restore it.
    pub(crate) fn take_back_archival(&mut self) -> bool {
        std::mem::take(&mut self.archival) == Archival::Wanted
    }

    /// Whether it is archived, and to be restored before anything else of it is sent.
    pub(crate) fn is_to_be_restored(&self) -> bool {
        self.pending().is_some_and(|save| save.restores)
    }

    /// What is to become of it where it is to be restored first; `undoes` is the action that this takes
    /// back, if it is one's undo.
    pub(crate) fn restoration(&self, undoes: Option<i64>) -> PendingSave {
        let save = self.pending_or_at_rest();
        let undoes = undoes.or(save.undoes);
        PendingSave { restores: true, is_restored: false, undoes, ..save }
    }

    /// It was restored: not to be asked for again, whether the journal comes to know it or not.
    pub(crate) fn note_restored(&mut self) {
        let save = self.pending_mut().filter(|save| save.restores);
        save.into_iter().for_each(|save| save.is_restored = true);
    }

    /// The restoration is over, and what else waits is sent from here on. The action that it has
    /// undone, which the rest of the save does not undo once more.
    pub(crate) fn conclude_restoration(&mut self) -> Option<i64> {
        let save = self.pending_mut()?;
        (save.restores, save.is_restored) = (false, false);
        save.undoes.take()
    }

    fn go_on_archiving(&mut self, archival: Archival) {
        if self.is_to_be_archived() {
            self.archival = archival;
        }
    }
}
