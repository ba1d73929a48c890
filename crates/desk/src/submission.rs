//! One write, as callers hand it in.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_domain::{Actor, Trace};

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission<C> {
    /// What to do.
    pub command: C,
    /// Who asks; together with the method it scopes the request id.
    pub actor: Actor,
    /// Under what the write is remembered.
    pub request: RequestMark,
    /// Rows (table, key, value) that are committed together with the command's events if it
    /// succeeds, such as the desk file's text under its hash.
    #[serde(with = "crate::wire::row_list")]
    pub rows: Vec<(String, String, Bytes)>,
    /// The trace that it belongs to.
    pub trace: Trace,
}

/// Under what a write is remembered, apart from the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestMark {
    /// The method.
    pub method: String,
    /// The caller's request id; empty: see [`unremembered`](Self::unremembered).
    pub id: String,
    /// Never forgotten; otherwise remembered for [`Settings::remember_requests`](crate::Settings).
    pub forever: bool,
}

impl RequestMark {
    /// For a command that is harmless when repeated by itself: nothing is written to remember it, and nothing
    /// at all where nothing happened. It cannot be parked either: its caller has it, and is told.
    #[must_use]
    pub fn unremembered(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            id: String::new(),
            forever: false,
        }
    }

    pub(crate) fn is_remembered(&self) -> bool {
        !self.id.is_empty()
    }
}
