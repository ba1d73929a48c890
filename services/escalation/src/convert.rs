//! Between the contracts' types and the domain's.

use tandem_domain::escalation::{
    Acknowledgement, ClockFilter, ClockId, ClockState, ClockView, EscalationFilter, EscalationView, Preview,
    PreviewedClock, PreviewedRung, RungView, TicketFacts,
};
use tandem_domain::{Channel, ClockKind, Priority, Role, TicketId};
use tandem_proto::v1;
use tandem_service_kit::fields::{
    FieldError, channel, duration, key, optional_key, priority, priority_if_given, timestamp,
};
use tandem_store::JobEntry;

use crate::jobs::{Job, Way};

/// Which clocks.
pub(crate) fn clock_filter(request: &v1::ListClocksRequest) -> Result<ClockFilter, FieldError> {
    Ok(ClockFilter {
        ticket: ticket_if_given(request.ticket_id),
        state: state_if_given(request.state)?,
        queue: optional_key("queue", &request.queue)?,
    })
}

/// Which escalations.
pub(crate) fn escalation_filter(request: &v1::ListEscalationsRequest) -> Result<EscalationFilter, FieldError> {
    Ok(EscalationFilter {
        open_only: request.open_only,
        ticket: ticket_if_given(request.ticket_id),
        queue: optional_key("queue", &request.queue)?,
    })
}

fn ticket_if_given(number: u64) -> Option<TicketId> {
    (number != 0).then_some(TicketId(number))
}

fn state_if_given(given: i32) -> Result<Option<ClockState>, FieldError> {
    match v1::ClockState::try_from(given) {
        Ok(v1::ClockState::Unspecified) => Ok(None),
        Ok(v1::ClockState::Running) => Ok(Some(ClockState::Running)),
        Ok(v1::ClockState::Paused) => Ok(Some(ClockState::Paused)),
        Ok(v1::ClockState::Met) => Ok(Some(ClockState::Met)),
        Ok(v1::ClockState::Breached) => Ok(Some(ClockState::Breached)),
        Ok(v1::ClockState::Cancelled) => Ok(Some(ClockState::Cancelled)),
        Err(_) => Err(FieldError::new(
            "state",
            format!("{given} is no state: use running, paused, met, breached or cancelled"),
        )),
    }
}

/// What chooses a ticket's policy.
pub(crate) fn facts(request: &v1::PreviewEscalationRequest) -> Result<TicketFacts, FieldError> {
    let tags = request.tags.iter().map(|tag| key("tags", tag));
    Ok(TicketFacts {
        queue: key("queue", &request.queue)?,
        channel: channel_given(request.channel)?,
        language: optional_key("language", &request.language)?,
        priority: priority_if_given("priority", request.priority)?.unwrap_or(Priority::Normal),
        tags: tags.collect::<Result<_, _>>()?,
    })
}

fn channel_given(given: i32) -> Result<Channel, FieldError> {
    let mut known = Channel::ALL.iter().copied();
    known
        .find(|known| channel(*known) as i32 == given)
        .ok_or_else(|| FieldError::new("channel", "must be given: email, chat, phone or social"))
}

/// A clock, as its readers see it.
pub(crate) fn clock(view: &ClockView) -> v1::SlaClock {
    let ClockId {
        ticket,
        kind,
        occurrence,
    } = view.id;
    let terms = &view.terms;
    v1::SlaClock {
        ticket_id: ticket.0,
        kind: clock_kind(kind).into(),
        occurrence,
        state: clock_state(view.state).into(),
        policy: text(terms.policy.as_ref()),
        calendar: text(terms.calendar.as_ref()),
        ladder: text(terms.ladder.as_ref()),
        target: terms.target.map(duration),
        elapsed: Some(duration(view.elapsed)),
        running_since: view.running_since.map(timestamp),
        deadline: view.deadline.map(timestamp),
        started_at: Some(timestamp(view.started_at)),
        breached_at: view.breached_at.map(timestamp),
        ended_at: view.ended_at.map(timestamp),
        queue: view.queue.to_string(),
        priority: priority(view.priority).into(),
    }
}

/// An escalation, as its readers see it.
pub(crate) fn escalation(view: &EscalationView) -> v1::Escalation {
    let acknowledged = view.acknowledged.as_ref();
    v1::Escalation {
        escalation_id: view.id.0,
        ticket_id: view.clock.ticket.0,
        clock: clock_kind(view.clock.kind).into(),
        occurrence: view.clock.occurrence,
        queue: view.queue.to_string(),
        priority: priority(view.priority).into(),
        open: view.open,
        rungs: view.rungs.iter().map(reached).collect(),
        acknowledged_by: acknowledged
            .map(|known| known.by.subject.to_string())
            .unwrap_or_default(),
        acknowledged_as: acknowledged
            .map_or(v1::Role::Unspecified, |known| role(known.by.role))
            .into(),
        acknowledged_at: acknowledged.map(|Acknowledgement { at, .. }| timestamp(*at)),
        ended_at: view.ended_at.map(timestamp),
    }
}

fn reached(view: &RungView) -> v1::ReachedRung {
    v1::ReachedRung {
        ladder: view.step.ladder.to_string(),
        rung: view.step.rung + 1,
        repeat: view.step.repeat,
        due_at: Some(timestamp(view.due_at)),
        late_by: Some(duration(view.late_by)),
    }
}

/// What would apply to a ticket.
pub(crate) fn preview(preview: &Preview) -> v1::PreviewEscalationResponse {
    v1::PreviewEscalationResponse {
        policy: text(preview.policy.as_ref()),
        clocks: preview.clocks.iter().map(previewed_clock).collect(),
    }
}

fn previewed_clock(clock: &PreviewedClock) -> v1::PreviewedClock {
    v1::PreviewedClock {
        kind: clock_kind(clock.kind).into(),
        target: Some(duration(clock.target)),
        deadline: Some(timestamp(clock.deadline)),
        ladder: text(clock.ladder.as_ref()),
        rungs: clock.rungs.iter().map(previewed_rung).collect(),
    }
}

fn previewed_rung(rung: &PreviewedRung) -> v1::PreviewedRung {
    v1::PreviewedRung {
        rung: rung.rung + 1,
        repeat: rung.repeat,
        due_at: Some(timestamp(rung.due_at)),
    }
}

/// A notification that was not delivered yet.
///
/// # Errors
/// If what is stored of it cannot be read.
pub(crate) fn notification(entry: &JobEntry) -> Result<v1::Notification, serde_json::Error> {
    let job = Job::decode(&entry.body)?;
    let failed = entry.failed.is_some();
    Ok(v1::Notification {
        notification_id: entry.id.clone(),
        contact: job.contact.to_string(),
        channel: channel_of(job.way).into(),
        escalation_id: job.telling.escalation.0,
        ticket_id: job.telling.clock.ticket.0,
        created_at: Some(timestamp(entry.created_at)),
        attempts: job.tries,
        next_attempt_at: (!failed).then(|| timestamp(entry.due_at)),
        failure: entry.failed.clone().unwrap_or_default(),
    })
}

const fn channel_of(way: Option<Way>) -> v1::NotificationChannel {
    match way {
        None => v1::NotificationChannel::Unspecified,
        Some(Way::Webhook) => v1::NotificationChannel::Webhook,
        Some(Way::Email) => v1::NotificationChannel::Email,
    }
}

const fn clock_kind(kind: ClockKind) -> v1::ClockKind {
    match kind {
        ClockKind::Accept => v1::ClockKind::Accept,
        ClockKind::FirstResponse => v1::ClockKind::FirstResponse,
        ClockKind::NextResponse => v1::ClockKind::NextResponse,
        ClockKind::Resolution => v1::ClockKind::Resolution,
    }
}

const fn clock_state(state: ClockState) -> v1::ClockState {
    match state {
        ClockState::Running => v1::ClockState::Running,
        ClockState::Paused => v1::ClockState::Paused,
        ClockState::Met => v1::ClockState::Met,
        ClockState::Breached => v1::ClockState::Breached,
        ClockState::Cancelled => v1::ClockState::Cancelled,
    }
}

const fn role(role: Role) -> v1::Role {
    match role {
        Role::Admin => v1::Role::Admin,
        Role::Supervisor => v1::Role::Supervisor,
        Role::Agent => v1::Role::Agent,
        Role::Channel => v1::Role::Channel,
        Role::Reader => v1::Role::Reader,
        Role::Service => v1::Role::Service,
    }
}

fn text(key: Option<&impl ToString>) -> String {
    key.map(ToString::to_string).unwrap_or_default()
}
