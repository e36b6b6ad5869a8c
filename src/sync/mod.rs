//! Between the files and the service: readings, saves, the journal, and the workers that send.
//!
//! A save is state, not a list of calls: see `intent`. It is journaled before it is promised,
//! rebased on what the service has before it is sent, and worked off by one worker a project.

mod ahead;
mod archive;
mod arrivals;
mod asking;
mod base_log;
mod base_records;
mod become_copy;
mod cache;
mod cache_told;
mod carry;
mod create;
mod detail;
mod elsewhere;
mod engine;
mod evict;
mod given_up;
mod habits;
mod history;
mod hydrate;
mod intent;
mod interest;
mod journal;
mod keys;
mod known;
mod lent;
mod listing;
mod locate;
mod looking;
mod meant;
mod names;
mod normalised;
mod overridden;
mod past;
mod peek;
mod presence;
mod project;
mod put_back;
mod reading;
mod records;
mod recovery;
mod refresher;
mod refusal;
mod refused_removals;
mod refused_rows;
mod reidentified;
mod relocate;
mod relocation;
mod remarks;
mod removals;
mod removed;
mod rename;
mod resource;
mod restore;
mod returning;
mod salvage;
mod save;
mod scan;
mod sending;
mod served;
mod serving;
mod set_aside;
mod shown;
mod stranded;
mod transfer;
mod turn_back;
mod unmoved;
mod wording;
mod worker;

pub(crate) use self::{
    archive::Removing,
    known::{Asleep, KnownTasks},
    past::{Deed, Former, Past, Scope},
    peek::{Peeked, PeekedSave, peek},
    project::Awaited,
    refused_removals::RefusedRemoval,
    remarks::Overridden,
    removals::Removal,
    save::Base,
    served::Seen,
    shown::shown,
    stranded::{Stranded, stranded},
    unmoved::Unmoved,
};
pub use self::{
    asking::Asking,
    engine::{Engine, Event, Settings},
    history::HistoryEntry,
    journal::{GivenName, JOURNAL, Journal},
    listing::{Listed, Listings},
    looking::Look,
    project::{Content, Project, Standing},
    reading::BELIEVED,
    served::{GRACE, Process},
    serving::{Served, Stat},
    wording::Wording,
};
