//! Tickets are given away, helped with, merged, split, set aside; one by one or many at once.

use prost_types::Duration;
use serde::Serialize;
use tandem_proto::v1;
use tandem_proto::v1::bulk_update_tickets_request::Action;
use tandem_proto::v1::consult_ticket_request::Target;

use super::tickets::{one_line, show_one, state_to_proto};
use crate::cli::{Age, Bulk, Consult, Format, Helper, Merge, Pull, Schedule, Split};
use crate::client::{Client, request_id, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{TicketRow, on_the_wire, priority_to_proto};

/// The requests differ in little but their type.
macro_rules! call {
    ($client:ident.$method:ident($request:ident, $args:ident, $output:ident) { $($rest:tt)* }) => {{
        let request = v1::$request {
            ticket_id: ticket_id(&$args.ticket)?,
            desk: $client.desk(&$args.desk).await?,
            request_id: request_id(),
            $($rest)*
        };
        let answer = $client.tickets().$method(request).await?.into_inner();
        show_one($output, &answer.ticket.unwrap_or_default())
    }};
}

pub(crate) async fn pull(client: &Client, args: &Pull, output: Format) -> Result<(), Failure> {
    call!(client.pull_ticket(PullTicketRequest, args, output) { agent: args.agent.clone() })
}

pub(crate) async fn consult(client: &Client, args: &Consult, output: Format) -> Result<(), Failure> {
    let queue = args.queue.clone().map(Target::Queue);
    let target = queue.or_else(|| args.agent.clone().map(Target::Agent));
    call!(client.consult_ticket(ConsultTicketRequest, args, output) { target })
}

pub(crate) async fn end_help(client: &Client, args: &Helper, output: Format) -> Result<(), Failure> {
    call!(client.end_help(EndHelpRequest, args, output) { agent: args.agent.clone() })
}

pub(crate) async fn hand_over(client: &Client, args: &Helper, output: Format) -> Result<(), Failure> {
    call!(client.hand_over_ticket(HandOverTicketRequest, args, output) { agent: args.agent.clone() })
}

pub(crate) async fn merge(client: &Client, args: &Merge, output: Format) -> Result<(), Failure> {
    call!(client.merge_tickets(MergeTicketsRequest, args, output) { into: ticket_id(&args.into)? })
}

pub(crate) async fn split(client: &Client, args: &Split, output: Format) -> Result<(), Failure> {
    call!(client.split_ticket(SplitTicketRequest, args, output) { message_ids: args.messages.clone() })
}

pub(crate) async fn schedule(client: &Client, args: &Schedule, output: Format) -> Result<(), Failure> {
    call!(client.schedule_ticket(ScheduleTicketRequest, args, output) { until: Some(on_the_wire(args.until)) })
}

pub(crate) async fn age(client: &Client, args: &Age, output: Format) -> Result<(), Failure> {
    call!(client.adjust_ticket_age(AdjustTicketAgeRequest, args, output) { by: Some(duration(args.by)) })
}

fn duration(by: jiff::SignedDuration) -> Duration {
    Duration {
        seconds: by.as_secs(),
        nanos: by.subsec_nanos(),
    }
}

/// What became of many tickets.
#[derive(Serialize)]
struct BulkRow {
    /// Repeats the call.
    request_id: String,
    outcomes: Vec<OutcomeRow>,
}

/// What became of one of them.
#[derive(Serialize)]
struct OutcomeRow {
    ticket: String,
    done: bool,
    what: String,
}

/// Does one thing with many tickets, and says what became of each.
pub(crate) async fn bulk(client: &Client, args: &Bulk, output: Format) -> Result<(), Failure> {
    let request_id = args.request_id.clone().unwrap_or_else(request_id);
    let tickets = args.tickets.iter().map(|ticket| ticket_id(ticket));
    let request = v1::BulkUpdateTicketsRequest {
        desk: client.desk(&args.desk).await?,
        request_id: request_id.clone(),
        ticket_ids: tickets.collect::<Result<_, _>>()?,
        r#where: Some(v1::TicketsWhere {
            states: args.state.iter().map(|state| state_to_proto(*state).into()).collect(),
            queue: args.queue.clone().unwrap_or_default(),
            agent: args.agent.clone().unwrap_or_default(),
        }),
        action: Some(action(args)?),
    };
    let answer = client.tickets().bulk_update_tickets(request).await?.into_inner();
    let row = BulkRow {
        request_id,
        outcomes: answer.outcomes.iter().map(OutcomeRow::from).collect(),
    };
    show(output, &row, |row| {
        let cells = row.outcomes.iter();
        let cells = cells.map(|outcome| [outcome.ticket.clone(), outcome.what.clone()]);
        table(["TICKET", "WHAT BECAME OF IT"], cells, "no tickets")
    })
}

impl From<&v1::BulkOutcome> for OutcomeRow {
    fn from(outcome: &v1::BulkOutcome) -> Self {
        let failed = outcome.failure.as_ref().map(|failure| failure.message.clone());
        let now = || outcome.ticket.as_ref().map(|ticket| one_line(&TicketRow::from(ticket)));
        Self {
            ticket: format!("T{}", outcome.ticket_id),
            done: failed.is_none(),
            what: failed.or_else(now).unwrap_or_default(),
        }
    }
}

fn action(args: &Bulk) -> Result<Action, Failure> {
    let merged = args.merge_into.as_deref().map(ticket_id).transpose()?;
    let simple = [
        args.requeue.then_some(Action::Requeue(v1::BulkRequeue {})),
        args.resolve.then_some(Action::Resolve(v1::BulkResolve {})),
        args.cancel.then_some(Action::Cancel(v1::BulkCancel {})),
        args.to_queue.clone().map(Action::TransferToQueue),
        args.to_agent.clone().map(Action::PullTo),
        args.priority
            .map(|priority| Action::SetPriority(priority_to_proto(priority).into())),
        args.until.map(|until| Action::ScheduleUntil(on_the_wire(until))),
        args.older_by.map(|by| Action::AdjustAgeBy(duration(by))),
        merged.map(Action::MergeInto),
    ];
    let mut given = simple.into_iter().flatten();
    given
        .next()
        .ok_or_else(|| Failure::Input("say what to do, such as --resolve or --to-queue QUEUE".into()))
}
