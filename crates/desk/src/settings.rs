//! The shell's numbers.

use std::time::Duration;

use tandem_domain::Trace;
use tracing::Span;

/// The shell's numbers. The defaults fit both ways of running.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Calls that may wait in front of a desk; more are refused as overloaded.
    pub mailbox: usize,
    /// Calls that are handled and committed together at most.
    pub batch_max: usize,
    /// How long a caller waits for an answer.
    pub call_timeout: Duration,
    /// How long a call to a desk without owner waits for one to appear.
    pub owner_wait: Duration,
    /// How long a lease stands without being renewed: the longest failover.
    pub lease_ttl: Duration,
    /// How much earlier than its lease's end an owner stops answering.
    pub lease_margin: Duration,
    /// How often leases are renewed and desks are shared out.
    pub lease_every: Duration,
    /// How long an agent's session may be silent; starts anew with each opening.
    pub session_grace: Duration,
    /// Events between two snapshots, at least; the larger the last one was, the more.
    pub snapshot_every: u64,
    /// How often the head is announced.
    pub head_every: Duration,
    /// How long a request id is remembered: at least seven days.
    pub remember_requests: Duration,
    /// How often expired request ids are purged.
    pub purge_every: Duration,
    /// How long the store may take for one call before it counts as not answering.
    pub store_timeout: Duration,
    /// The first wait after a failure; each further one is twice as long.
    pub backoff_min: Duration,
    /// The longest wait after a failure.
    pub backoff_max: Duration,
    /// How long a desk that cannot be loaded waits before it is tried again.
    pub failed_retry: Duration,
    /// Records that are read at once.
    pub read_chunk: usize,
    /// How often the relay's cursor is saved while it moves.
    pub cursor_every: Duration,
    /// How long the relay may go on after the wheel has stopped.
    pub flush_timeout: Duration,
    /// How long a shutdown may take; what is not finished then is cut off, as in a crash.
    pub shutdown_timeout: Duration,
    /// How often an effect is tried whose receiver is away or busy, before it is parked; none: for ever. That is for services
    /// whose effects all have the same receiver: those behind it could not be carried out either.
    pub effect_attempts: Option<u32>,
    /// Makes a span part of a trace; set by services that export traces.
    pub link_span: fn(&Span, &Trace),
    /// Has a span name the trace of the call that it came from, when it is part of another; set by services that export
    /// traces.
    pub name_caller: fn(&Span, &Trace),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mailbox: 4096,
            batch_max: 512,
            call_timeout: Duration::from_secs(10),
            owner_wait: Duration::from_secs(2),
            lease_ttl: Duration::from_secs(10),
            lease_margin: Duration::from_secs(2),
            lease_every: Duration::from_secs(2),
            session_grace: Duration::from_secs(30),
            snapshot_every: 10_000,
            head_every: Duration::from_secs(2),
            remember_requests: Duration::from_hours(8 * 24),
            purge_every: Duration::from_hours(1),
            store_timeout: Duration::from_secs(20),
            backoff_min: Duration::from_millis(50),
            backoff_max: Duration::from_secs(10),
            failed_retry: Duration::from_secs(30),
            read_chunk: 1000,
            cursor_every: Duration::from_secs(1),
            flush_timeout: Duration::from_secs(3),
            shutdown_timeout: Duration::from_secs(15),
            effect_attempts: Some(8),
            link_span: |_, _| {},
            name_caller: |_, _| {},
        }
    }
}
