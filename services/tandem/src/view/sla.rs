//! Clocks, escalations and notifications as the command line shows them.

use serde::Serialize;
use tandem_domain::Timestamp;
use tandem_proto::v1;

use super::{seconds, seconds_until, short, ticket, time};

/// An SLA clock.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClockRow {
    pub(crate) ticket: String,
    pub(crate) clock: String,
    pub(crate) occurrence: u32,
    pub(crate) state: String,
    pub(crate) policy: String,
    pub(crate) ladder: String,
    pub(crate) queue: String,
    pub(crate) priority: String,
    pub(crate) target_seconds: f64,
    pub(crate) elapsed_seconds: f64,
    pub(crate) started_at: String,
    pub(crate) deadline: String,
    /// Until the deadline; negative: for so long it has passed. Absent while it stands still.
    pub(crate) left_seconds: Option<i64>,
    pub(crate) breached_at: String,
    pub(crate) ended_at: String,
}

/// An escalation.
#[derive(Debug, Serialize)]
pub(crate) struct EscalationRow {
    pub(crate) escalation: String,
    pub(crate) ticket: String,
    pub(crate) clock: String,
    pub(crate) occurrence: u32,
    pub(crate) queue: String,
    pub(crate) priority: String,
    pub(crate) open: bool,
    pub(crate) rungs: Vec<RungRow>,
    pub(crate) acknowledged_by: String,
    pub(crate) acknowledged_at: String,
    pub(crate) ended_at: String,
}

/// A rung that was reached.
#[derive(Debug, Serialize)]
pub(crate) struct RungRow {
    pub(crate) ladder: String,
    pub(crate) rung: u32,
    /// 0: the first time.
    pub(crate) repeat: u32,
    pub(crate) due_at: String,
    pub(crate) late_by_seconds: f64,
}

/// Somebody who is to be told.
#[derive(Debug, Serialize)]
pub(crate) struct NotificationRow {
    pub(crate) notification: String,
    pub(crate) contact: String,
    pub(crate) channel: String,
    pub(crate) escalation: String,
    pub(crate) ticket: String,
    pub(crate) attempts: u32,
    pub(crate) next_attempt_at: String,
    /// Empty: it is still being tried.
    pub(crate) failure: String,
    pub(crate) created_at: String,
}

/// A clock, as it looks `now`.
pub(crate) fn clock_row(clock: &v1::SlaClock, now: Timestamp) -> ClockRow {
    ClockRow {
        ticket: ticket(clock.ticket_id),
        clock: clock_kind(clock.kind()),
        occurrence: clock.occurrence,
        state: short(clock.state().as_str_name(), "CLOCK_STATE_"),
        policy: clock.policy.clone(),
        ladder: clock.ladder.clone(),
        queue: clock.queue.clone(),
        priority: short(clock.priority().as_str_name(), "PRIORITY_"),
        target_seconds: seconds(clock.target.as_ref()),
        elapsed_seconds: seconds(clock.elapsed.as_ref()),
        started_at: time(clock.started_at.as_ref()),
        deadline: time(clock.deadline.as_ref()),
        left_seconds: seconds_until(clock.deadline.as_ref(), now),
        breached_at: time(clock.breached_at.as_ref()),
        ended_at: time(clock.ended_at.as_ref()),
    }
}

/// A clock's kind as a word, such as `first_response`.
pub(crate) fn clock_kind(kind: v1::ClockKind) -> String {
    short(kind.as_str_name(), "CLOCK_KIND_")
}

impl EscalationRow {
    /// Where it stands, in a word or two.
    pub(crate) fn standing(&self) -> String {
        match (self.acknowledged_by.as_str(), self.open) {
            ("", true) => "open".to_owned(),
            ("", false) => "over".to_owned(),
            (by, _) => format!("acknowledged by {by}"),
        }
    }
}

impl From<&v1::Escalation> for EscalationRow {
    fn from(escalation: &v1::Escalation) -> Self {
        Self {
            escalation: format!("E{}", escalation.escalation_id),
            ticket: ticket(escalation.ticket_id),
            clock: clock_kind(escalation.clock()),
            occurrence: escalation.occurrence,
            queue: escalation.queue.clone(),
            priority: short(escalation.priority().as_str_name(), "PRIORITY_"),
            open: escalation.open,
            rungs: escalation.rungs.iter().map(RungRow::from).collect(),
            acknowledged_by: escalation.acknowledged_by.clone(),
            acknowledged_at: time(escalation.acknowledged_at.as_ref()),
            ended_at: time(escalation.ended_at.as_ref()),
        }
    }
}

impl From<&v1::ReachedRung> for RungRow {
    fn from(rung: &v1::ReachedRung) -> Self {
        Self {
            ladder: rung.ladder.clone(),
            rung: rung.rung,
            repeat: rung.repeat,
            due_at: time(rung.due_at.as_ref()),
            late_by_seconds: seconds(rung.late_by.as_ref()),
        }
    }
}

impl From<&v1::Notification> for NotificationRow {
    fn from(notification: &v1::Notification) -> Self {
        Self {
            notification: notification.notification_id.clone(),
            contact: notification.contact.clone(),
            channel: short(notification.channel().as_str_name(), "NOTIFICATION_CHANNEL_"),
            escalation: format!("E{}", notification.escalation_id),
            ticket: ticket(notification.ticket_id),
            attempts: notification.attempts,
            next_attempt_at: time(notification.next_attempt_at.as_ref()),
            failure: notification.failure.clone(),
            created_at: time(notification.created_at.as_ref()),
        }
    }
}
