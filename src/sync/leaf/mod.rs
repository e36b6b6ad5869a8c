//! What all of a mount's projects share, each behind a lock of its own. A leaf takes no other lock.

pub(crate) mod agents;
pub(crate) mod archived;
pub(crate) mod conflicts;
pub(crate) mod denied;
pub(crate) mod download;
pub(crate) mod exports;
pub(crate) mod followed;
pub(crate) mod imports;
pub(crate) mod known_listings;
pub(crate) mod listed_agents;
pub(crate) mod listings;
pub(crate) mod local_media;
pub(crate) mod media;
pub(crate) mod media_listings;
pub(crate) mod operations;
pub(crate) mod refresher;
pub(crate) mod residents;
pub(crate) mod scans;
pub(crate) mod templates;
pub(crate) mod transfers;
pub(crate) mod unmoved;
pub(crate) mod viewed;
pub(crate) mod walks;
