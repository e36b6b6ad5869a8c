//! Between the files and the service: readings, saves, the journal, and the workers that send.
//!
//! A save is state, not a list of calls: see `pending`. It is journaled before it is promised,
//! rebased on what the service has before it is sent, and worked off by one worker a project.

pub(crate) mod bases;
pub(crate) mod build;
pub(crate) mod engine;
pub(crate) mod event;
pub(crate) mod hiding;
pub(crate) mod leaf;
pub(crate) mod locate;
pub(crate) mod operation;
pub(crate) mod orphans;
pub(crate) mod peek;
pub(crate) mod presence;
pub(crate) mod project;
pub(crate) mod read;
pub(crate) mod rejected_copies;
pub(crate) mod residency;
pub(crate) mod settings;
pub(crate) mod tasks;
pub(crate) mod transition;
pub(crate) mod upload;
pub(crate) mod write;

pub(crate) use crate::replica::creation::MadeFrom;
pub(crate) use crate::replica::creation::Source;
pub(crate) use crate::replica::served::Base;
pub use crate::replica::served::GRACE;
pub use crate::replica::served::Process;
pub(crate) use crate::replica::standing::Awaited;
pub use crate::replica::standing::Standing;
pub use crate::replica::state::Content;
pub(crate) use crate::store::history::Action;
pub(crate) use crate::store::history::ActionKind;
pub(crate) use crate::store::history::Former;
pub(crate) use crate::store::history::Scope;
pub use crate::store::journal::JOURNAL;
pub use crate::store::journal::Journal;
pub use crate::store::names::GivenName;
pub(crate) use crate::store::rejected_removals::RejectedRemoval;
pub(crate) use crate::store::remarks::Overridden;
pub(crate) use crate::store::removals::Removal;
pub(crate) use crate::store::unmoved::Unmoved;
pub use crate::sync::engine::Engine;
pub use crate::sync::event::Event;
pub use crate::sync::leaf::known_listings::Listed;
pub use crate::sync::leaf::listings::Listings;
pub(crate) use crate::sync::orphans::OrphanedSaves;
pub(crate) use crate::sync::orphans::orphaned_saves;
pub(crate) use crate::sync::peek::Peeked;
pub(crate) use crate::sync::peek::PeekedSave;
pub(crate) use crate::sync::peek::peek;
pub use crate::sync::project::Project;
pub use crate::sync::read::details::DetailQuery;
pub use crate::sync::read::directories::ListIntent;
pub use crate::sync::read::look::TTL;
pub(crate) use crate::sync::read::offline::OfflineAccount;
pub(crate) use crate::sync::read::offline::OfflineTasks;
pub use crate::sync::read::serve::Served;
pub use crate::sync::read::serve::Stat;
pub use crate::sync::settings::Settings;
pub(crate) use crate::sync::upload::archive::Removing;
pub(crate) use crate::sync::write::accept::DraftBase;
pub use crate::sync::write::history_entry::HistoryEntry;
pub use crate::text::codec::FileFormat;
pub use crate::text::content_type::ContentTypeChoice;
pub use crate::text::fields::{FieldPlacement, FieldView};
