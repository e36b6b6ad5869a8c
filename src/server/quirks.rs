//! What is unknown of the service, or differs by time and place: which way this server is.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::oauth_state::OAuthQuirks;
use crate::clock::Clock;

/// What a limit is where there is none.
const UNLIMITED: u32 = 1_000_000;

/// What changing the text of the title node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Renaming {
    /// It renames the project.
    Works,
    /// It is refused with 400.
    Refused,
    /// It is answered with success and changes nothing.
    #[default]
    Ignored,
}

/// What a page is that is to begin after, or end before, a task that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GoneCursor {
    /// It is refused with 400.
    #[default]
    Refused,
    /// It has no tasks, like the page after the last.
    Empty,
    /// It is the first.
    FromStart,
}

/// What assigning a task to somebody does to those who it is assigned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assigning {
    /// It is taken from them.
    #[default]
    Replaces,
    /// It stays theirs as well.
    Adds,
}

/// What an export of a space is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Exports {
    /// What the listings say.
    #[default]
    Same,
    /// Something else than the listings say: texts lose their markup.
    Different,
    /// It is refused with 403.
    Refused,
}

/// Which way the server is where the service is not documented. The default is what public
/// clients have met.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// Whether listings of tasks begin with the title node.
    pub title_node: bool,
    /// Whether pages of tasks say `hasMore` and `nextCursor`.
    pub has_more: bool,
    /// A cap on pages that is not told.
    pub page_cap: Option<usize>,
    /// Whether listings hold null items.
    pub null_items: bool,
    /// What a page is whose cursor is gone.
    pub gone_cursor: GoneCursor,
    /// Whether tasks with an empty text have no `text`.
    pub omits_empty_texts: bool,
    /// Whether the item of an answer to a write is null wherever the document allows it.
    pub null_items_of_writes: bool,
    /// Whether the answer to an update is the id alone.
    pub update_answers_id_only: bool,
    /// Whether the answer to creating a project has its name.
    pub create_answers_name: bool,
    /// Whether projects say whether they are archived.
    pub says_completed: bool,
    /// What changing the text of the title node does.
    pub renaming: Renaming,
    /// Whether texts sent as Markdown lose their markup.
    pub reads_markdown: bool,
    /// Whether U+E000 in an answer is half of a surrogate pair instead.
    pub cuts_pairs: bool,
    /// Whether a batch that fails leaves nothing behind.
    pub atomic_batches: bool,
    /// Whether completing a task completes what is below it.
    pub complete_cascades: bool,
    /// What assigning a task does to those who it is assigned to.
    pub assigning: Assigning,
    /// Whether the end of a date is answered as a period.
    pub ends_are_periods: bool,
    /// Whether values of fields are answered with their types, as exports have them, and not as an
    /// option's id.
    pub typed_values: bool,
    /// What exports of spaces are.
    pub exports: Exports,
    /// The projects that no export has, by what their titles begin with.
    pub left_out: Vec<String>,
    /// Whether agents and files that are not there are answered with an item that is null.
    pub missing_is_null: bool,
    /// Whether the data of an agent that is sent is merged into what it has.
    pub patches_merge: bool,
    /// Whether no AI credits are left.
    pub out_of_credits: bool,
    /// Whether a download is answered with a redirect to the file's public address.
    pub downloads_redirect: bool,
    /// Whether parts of files are given that are asked for by `Range`.
    pub serves_ranges: bool,
    /// Whether what is too large is refused with a code.
    pub large_has_code: bool,
    /// Whether a `.tsk` is JSON and no archive.
    pub tsk_is_json: bool,
    /// How many imports a minute there may be.
    pub import_limit: Option<u32>,
    /// Whether answers have fields that the document does not know.
    pub extra_fields: bool,
    /// Which way OAuth is, and what says whose a token is.
    pub oauth: OAuthQuirks,
    /// Requests a window.
    pub rate_limit: Option<u32>,
    /// How long a window is.
    pub rate_window: Duration,
    /// Whether answers tell the limit.
    pub tells_limit: bool,
    /// Added to the time of every answer.
    pub latency: Duration,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            title_node: true,
            has_more: false,
            page_cap: None,
            null_items: false,
            gone_cursor: GoneCursor::default(),
            omits_empty_texts: false,
            null_items_of_writes: false,
            update_answers_id_only: false,
            create_answers_name: true,
            says_completed: true,
            renaming: Renaming::default(),
            reads_markdown: false,
            cuts_pairs: false,
            atomic_batches: true,
            complete_cascades: false,
            assigning: Assigning::default(),
            ends_are_periods: false,
            typed_values: false,
            exports: Exports::default(),
            left_out: Vec::new(),
            missing_is_null: false,
            patches_merge: false,
            out_of_credits: false,
            downloads_redirect: false,
            serves_ranges: true,
            large_has_code: true,
            tsk_is_json: false,
            import_limit: Some(5),
            extra_fields: false,
            oauth: OAuthQuirks::default(),
            rate_limit: None,
            rate_window: Duration::from_secs(60),
            tells_limit: true,
            latency: Duration::ZERO,
        }
    }
}

/// The window of the rate limit.
#[derive(Debug)]
pub(crate) struct Window {
    limit: u32,
    length: Duration,
    clock: Arc<dyn Clock>,
    used: Mutex<(Instant, u32)>,
}

/// Where a request stands in its window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowState {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) reset: Duration,
    pub(crate) refused: bool,
}

impl Window {
    pub(crate) fn new(limit: Option<u32>, length: Duration, clock: Arc<dyn Clock>) -> Self {
        let used = Mutex::new((clock.now(), 0));
        Self { limit: limit.unwrap_or(UNLIMITED), length, clock, used }
    }

    /// Counts a request.
    pub(crate) fn count(&self) -> WindowState {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        if now.saturating_duration_since(used.0) >= self.length {
            *used = (now, 0);
        }
        let refused = used.1 >= self.limit;
        used.1 = used.1.saturating_add(u32::from(!refused));
        WindowState {
            limit: self.limit,
            remaining: self.limit.saturating_sub(used.1),
            reset: self.length.saturating_sub(now.saturating_duration_since(used.0)),
            refused,
        }
    }
}
