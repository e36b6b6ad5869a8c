//! The right to send one request, and what becomes of it.
//!
//! A permit holds one of the places under way until it is dropped; dropped without an outcome (its
//! caller was cancelled), its request may have been counted by the service.

use std::time::Instant;

use super::{
    budget::{LimitHeaders, RequestOutcome, SentRequest},
    ledger::Ledger,
    outage::Failure,
};

/// The right to send one request.
pub(crate) struct Permit<'a> {
    ledger: &'a Ledger,
    request: SentRequest,
    sent: Instant,
    /// Whether it is to find out if the service is back, and nothing is known of that yet.
    is_probe: bool,
    /// Whether the budget knows what became of the request.
    settled: bool,
}

impl<'a> Permit<'a> {
    /// For a request that goes now.
    pub(super) fn new(
        ledger: &'a Ledger,
        request: SentRequest,
        sent: Instant,
        is_probe: bool,
    ) -> Self {
        Self { ledger, request, sent, is_probe, settled: false }
    }

    /// Whether it is to find out if the service is back.
    pub(crate) fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// The service is there: what came is from it.
    pub(crate) fn heard(&mut self) {
        self.is_probe = false;
        self.ledger.heard();
    }

    /// Nothing came, or nothing of the service.
    pub(crate) fn unheard(&mut self, failure: Failure, reason: impl FnOnce() -> String) {
        // Where outages are not noted there are no probes.
        let was_probe = std::mem::take(&mut self.is_probe);
        self.ledger.unheard(failure, reason, was_probe, self.sent);
    }

    /// The request was answered; `headers` is what the headers say.
    pub(crate) fn answered(&mut self, headers: LimitHeaders, refused: bool) {
        self.settle(RequestOutcome::Answered(headers));
        if refused {
            self.ledger.refused(headers);
        }
    }

    /// The request did not leave this machine.
    pub(crate) fn unsent(&mut self) {
        self.settle(RequestOutcome::Unsent);
    }

    fn settle(&mut self, outcome: RequestOutcome) {
        if !self.settled {
            self.settled = true;
            self.ledger.settle(self.request, outcome);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.settle(RequestOutcome::Lost);
        self.ledger.end(self.is_probe);
    }
}
