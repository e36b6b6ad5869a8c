//! What is read, when it is asked for, and how long it is believed.

mod agenda;
mod cold_walks;
mod detail_fetch;
mod exports;
mod first_looks;
mod following;
mod invalidation;
mod kernel_cache;
mod lists;
mod media;
mod open_descriptors;
mod other_looks;
mod persistent_cache;
mod refresh_backoff;
mod request_counts;
mod resources;
mod stale_opens;
mod title_node;
mod walks;
