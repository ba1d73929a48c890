//! Pages of lists: from the core's memory, and of one ticket, closed ones too, from the read model.

use tandem_domain::escalation::{Answer, ClockFilter, ClockId, ClockView, EscalationFilter, EscalationView, Query};
use tandem_domain::{ClockKind, DeskId, ErrorCode, EscalationId, TicketId};
use tandem_proto::v1;
use tandem_service_kit::error::ApiError;
use tandem_service_kit::page::Page;
use tandem_sla::rows;

use super::{Api, other_answer};
use crate::convert;
use crate::jobs::QUEUE;

/// Items that the core is asked for at once: an answer fits into what the bus takes.
const CHUNK: usize = 100;
/// Rows that are read at once.
const ROWS: usize = 500;

impl Api {
    /// A page of clocks and the next one's token.
    pub(super) async fn clocks(
        &self,
        desk: &DeskId,
        filter: ClockFilter,
        page: &Page,
    ) -> Result<(Vec<ClockView>, String), ApiError> {
        if let Some(ticket) = filter.ticket {
            self.require(desk).await?;
            return self.clocks_of(desk, ticket, &filter, page).await;
        }
        let mut after = page.after.as_deref().map(clock_id).transpose()?;
        let mut filling = Filling::of(page);
        while let Some(limit) = filling.room() {
            let filter = filter.clone();
            let answer = self.query(desk, &Query::Clocks { filter, after, limit }).await?;
            let Answer::Clocks(clocks) = answer else {
                return Err(other_answer());
            };
            after = clocks.last().map(|clock| clock.id);
            filling.add(clocks, limit);
        }
        Ok(page.cut_ahead(filling.items, |clock| rows::clock_key(clock.id)))
    }

    async fn clocks_of(
        &self,
        desk: &DeskId,
        ticket: TicketId,
        filter: &ClockFilter,
        page: &Page,
    ) -> Result<(Vec<ClockView>, String), ApiError> {
        let prefix = prefix(ticket);
        let mut after = page.after.clone();
        let mut found: Vec<ClockView> = Vec::new();
        loop {
            let rows = self
                .store
                .rows(desk, rows::CLOCK, &prefix, after.as_deref(), ROWS)
                .await?;
            for (_, value) in rows.rows {
                let clock: ClockView = serde_json::from_slice(&value).map_err(damaged)?;
                let fits = filter.state.is_none_or(|state| clock.state == state)
                    && filter.queue.as_ref().is_none_or(|queue| clock.queue == *queue);
                found.extend(fits.then_some(clock));
            }
            after = rows.next_after;
            if after.is_none() || found.len() > page.size {
                return Ok(page.cut_ahead(found, |clock| rows::clock_key(clock.id)));
            }
        }
    }

    /// A page of escalations and the next one's token.
    pub(super) async fn escalations(
        &self,
        desk: &DeskId,
        filter: &EscalationFilter,
        page: &Page,
    ) -> Result<(Vec<EscalationView>, String), ApiError> {
        let mut after = page.after.as_deref().map(escalation_id).transpose()?;
        let mut filling = Filling::of(page);
        while let Some(limit) = filling.room() {
            let filter = filter.clone();
            let answer = self.query(desk, &Query::Escalations { filter, after, limit }).await?;
            let Answer::Escalations(escalations) = answer else {
                return Err(other_answer());
            };
            after = escalations.last().map(|escalation| escalation.id);
            filling.add(escalations, limit);
        }
        Ok(page.cut_ahead(filling.items, |escalation| escalation.id.to_string()))
    }

    /// A page of notifications that were not delivered, and the next one's token.
    pub(super) async fn notifications(
        &self,
        desk: &DeskId,
        failed_only: bool,
        page: &Page,
    ) -> Result<(Vec<v1::Notification>, String), ApiError> {
        let after = page.after.as_deref();
        let found = self.store.jobs(QUEUE, desk, failed_only, after, page.size + 1).await?;
        let (entries, next) = page.cut_ahead(found, |entry| entry.id.clone());
        let notifications = entries.iter().map(convert::notification);
        Ok((notifications.collect::<Result<_, _>>().map_err(damaged)?, next))
    }
}

/// A page that is being filled, with one item more than it has room for: whether that one comes says whether there is a
/// next page.
struct Filling<T> {
    items: Vec<T>,
    wanted: usize,
}

impl<T> Filling<T> {
    fn of(page: &Page) -> Self {
        Self {
            items: Vec::new(),
            wanted: page.size + 1,
        }
    }

    /// How many to ask for next; none: it is full, or there are no more.
    fn room(&self) -> Option<usize> {
        let room = self.wanted.saturating_sub(self.items.len());
        (room > 0).then_some(room.min(CHUNK))
    }

    /// Fewer than asked for are the last.
    fn add(&mut self, some: Vec<T>, asked: usize) {
        let is_end = some.len() < asked;
        self.items.extend(some);
        if is_end {
            self.wanted = self.items.len();
        }
    }
}

/// What all keys of a ticket's clocks begin with.
fn prefix(ticket: TicketId) -> String {
    let some = rows::clock_key(ClockId {
        ticket,
        kind: ClockKind::Accept,
        occurrence: 1,
    });
    some.split_inclusive('/').take(1).collect()
}

/// From [`rows::clock_key`]; tokens are checked before they come here, so it is ours.
fn clock_id(text: &str) -> Result<ClockId, ApiError> {
    let parsed = || {
        let mut parts = text.split('/');
        Some(ClockId {
            ticket: TicketId(parts.next()?.parse().ok()?),
            kind: parts.next()?.parse().ok()?,
            occurrence: parts.next()?.parse().ok()?,
        })
    };
    parsed().ok_or_else(wrong_token)
}

fn escalation_id(text: &str) -> Result<EscalationId, ApiError> {
    text.parse().map_err(|_| wrong_token())
}

fn wrong_token() -> ApiError {
    ApiError::invalid_field("page_token", "is not of this list: repeat next_page_token as it came")
}

fn damaged(error: serde_json::Error) -> ApiError {
    ApiError::new(ErrorCode::DataLoss, "stored data cannot be read").caused_by(error)
}
