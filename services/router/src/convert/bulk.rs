//! One thing that is done with many tickets.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use tandem_domain::TicketId;
use tandem_domain::routing::{Command, TicketFilter, TransferTarget};
use tandem_proto::v1;
use v1::bulk_update_tickets_request::Action;

use super::handling::{adjustment, instant};
use super::write::{Write, ticket_id};
use super::{FieldError, enums, key, number, optional_key, request_id, states};

/// So many tickets at once.
pub(crate) const MOST_TICKETS: usize = 1_000;

/// Which tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// These, in this order.
    Numbered(Vec<TicketId>),
    /// Those that are so.
    Where(TicketFilter),
}

/// What to do with each of the chosen tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bulk {
    pub(crate) chosen: Chosen,
    request_id: String,
    /// For some ticket; put in for each.
    command: Command,
}

impl Bulk {
    /// What to do with one ticket, under an id that follows from the request's.
    pub(crate) fn of(&self, ticket: TicketId) -> Write {
        let hash = hex::encode(Sha256::digest(&self.request_id));
        Write {
            request_id: format!("bulk:{hash}:{ticket}"),
            command: about(self.command.clone(), ticket),
        }
    }
}

/// The same command about another ticket.
fn about(mut command: Command, ticket: TicketId) -> Command {
    if let Some(named) = command.ticket_mut() {
        *named = ticket;
    }
    command
}

impl TryFrom<v1::BulkUpdateTicketsRequest> for Bulk {
    type Error = FieldError;

    fn try_from(request: v1::BulkUpdateTicketsRequest) -> Result<Self, FieldError> {
        let chosen = if request.ticket_ids.is_empty() {
            Chosen::Where(filter(request.r#where)?)
        } else {
            Chosen::Numbered(numbered(&request.ticket_ids)?)
        };
        Ok(Self {
            chosen,
            request_id: request_id(&request.request_id)?,
            command: command(request.action)?,
        })
    }
}

fn numbered(given: &[u64]) -> Result<Vec<TicketId>, FieldError> {
    if given.len() > MOST_TICKETS {
        return Err(FieldError::new("ticket_ids", format!("{MOST_TICKETS} tickets at most")));
    }
    let tickets = given.iter().map(|ticket| number("ticket_ids", *ticket).map(TicketId));
    let tickets: Vec<_> = tickets.collect::<Result<_, _>>()?;
    let each: BTreeSet<_> = tickets.iter().collect();
    if each.len() < tickets.len() {
        return Err(FieldError::new("ticket_ids", "each ticket once"));
    }
    Ok(tickets)
}

/// A filter that leaves nothing out would be a slip of the pen.
fn filter(given: Option<v1::TicketsWhere>) -> Result<TicketFilter, FieldError> {
    let given = given.unwrap_or_default();
    let filter = TicketFilter {
        states: states("where.states", &given.states)?,
        queue: optional_key("where.queue", &given.queue)?,
        agent: optional_key("where.agent", &given.agent)?,
    };
    if filter.states.is_empty() && filter.queue.is_none() && filter.agent.is_none() {
        let allowed = "give numbers, or states, a queue or an agent";
        return Err(FieldError::new("ticket_ids", allowed));
    }
    Ok(filter)
}

fn command(action: Option<Action>) -> Result<Command, FieldError> {
    let ticket = TicketId(0);
    Ok(match action {
        Some(Action::Requeue(_)) => Command::Requeue { ticket },
        Some(Action::TransferToQueue(queue)) => Command::Transfer {
            ticket,
            to: TransferTarget::Queue(key("transfer_to_queue", &queue)?),
            seen: None,
        },
        Some(Action::SetPriority(priority)) => Command::SetPriority {
            ticket,
            priority: enums::priority_given("set_priority", priority)?,
            seen: None,
        },
        Some(Action::Resolve(_)) => Command::Resolve { ticket },
        Some(Action::Cancel(_)) => Command::Cancel { ticket },
        Some(Action::ScheduleUntil(until)) => Command::Schedule {
            ticket,
            until: instant("schedule_until", Some(until))?,
        },
        Some(Action::AdjustAgeBy(by)) => Command::AdjustAge {
            ticket,
            by: adjustment("adjust_age_by", Some(by))?,
        },
        Some(Action::PullTo(agent)) => Command::Pull {
            ticket,
            to: key("pull_to", &agent)?,
        },
        Some(Action::MergeInto(into)) => Command::Merge {
            ticket,
            into: ticket_id(into).map_err(|_| FieldError::new("merge_into", "must be a ticket's number, from 1"))?,
        },
        None => return Err(FieldError::new("action", "must be given: what to do with the tickets")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> v1::BulkUpdateTicketsRequest {
        v1::BulkUpdateTicketsRequest {
            desk: "acme".into(),
            request_id: "r-1".into(),
            ticket_ids: vec![7, 3],
            r#where: None,
            action: Some(Action::Resolve(v1::BulkResolve {})),
        }
    }

    #[test]
    fn each_ticket_gets_the_command_under_an_id_of_its_own() {
        let bulk = Bulk::try_from(request()).unwrap();
        assert_eq!(bulk.chosen, Chosen::Numbered(vec![TicketId(7), TicketId(3)]));
        let (first, other) = (bulk.of(TicketId(7)), bulk.of(TicketId(3)));
        assert_eq!(first.command, Command::Resolve { ticket: TicketId(7) });
        assert_ne!(first.request_id, other.request_id);
        assert_eq!(first, Bulk::try_from(request()).unwrap().of(TicketId(7)));
        assert!(first.request_id.len() <= 128);
    }

    type Spoil = fn(&mut v1::BulkUpdateTicketsRequest);

    #[test]
    fn each_wrong_field_is_named() {
        let wrong: [(&str, Spoil); 7] = [
            ("request_id", |request| request.request_id.clear()),
            ("ticket_ids", |request| request.ticket_ids.clear()),
            ("ticket_ids", |request| request.ticket_ids = vec![1, 1]),
            ("ticket_ids", |request| request.ticket_ids = (1..=1_001).collect()),
            ("action", |request| request.action = None),
            ("set_priority", |request| request.action = Some(Action::SetPriority(0))),
            ("merge_into", |request| request.action = Some(Action::MergeInto(0))),
        ];
        for (field, spoil) in wrong {
            let mut request = request();
            spoil(&mut request);
            assert_eq!(Bulk::try_from(request).unwrap_err().field, field);
        }
    }
}
