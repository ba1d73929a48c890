//! The services that the router answers. Handlers read the request, ask the desk's owner or the read model,
//! and turn the answer; they decide nothing themselves.

mod agent;
mod bulk;
mod desk;
mod lists;
mod reply;
mod ticket;
mod typing;
mod work;

pub(crate) use agent::Agents;
pub(crate) use desk::DeskFiles;
pub(crate) use ticket::Tickets;

use std::sync::Arc;

use bytes::Bytes;
use tandem_bus::Bus;
use tandem_desk::{DeskError, Desks, Journaled, RequestMark, Submission};
use tandem_domain::explain::Explanation;
use tandem_domain::routing::{Answer, Command, Query, Reply, WorkList};
use tandem_domain::{AgentId, Clock, DeskId, IdSource, TicketId};
use tandem_routing::RoutingCore;
use tandem_service_kit::auth::Caller;
use tandem_service_kit::telemetry;
use tandem_store::{Store, Stream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::RouterConfig;
use crate::convert::Write;
use crate::errors::Failure;
use crate::heartbeats::Heartbeats;
use crate::ingest::Ingest;
use crate::one_at_a_time::OneAtATime;

/// What the services share.
pub(crate) struct Api {
    pub(crate) config: RouterConfig,
    pub(crate) desks: Desks<RoutingCore>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where the words of answers are kept.
    pub(crate) ingest: Ingest,
    pub(crate) heartbeats: Heartbeats,
    /// Dry runs under way.
    pub(crate) simulations: OneAtATime,
    /// Looks into journals under way.
    pub(crate) looks: OneAtATime,
    /// Open streams; they end when `draining` is cancelled.
    pub(crate) streams: TaskTracker,
    pub(crate) draining: CancellationToken,
}

impl Api {
    /// Has the desk's owner carry out a write.
    async fn submit(&self, caller: &Caller, write: Write) -> Result<Reply, Failure> {
        self.submit_with(caller, write, Vec::new()).await
    }

    /// Has the desk's owner carry out a write, and store `rows` with it if it succeeds.
    async fn submit_with(
        &self,
        caller: &Caller,
        write: Write,
        rows: Vec<(String, String, Bytes)>,
    ) -> Result<Reply, Failure> {
        let request = RequestMark {
            method: method(&write.command).to_owned(),
            id: write.request_id,
            forever: false,
        };
        let submission = Submission {
            command: write.command,
            actor: caller.actor(),
            request,
            rows,
            trace: telemetry::inject(),
        };
        Ok(self.desks.submit(&caller.desk, submission).await?)
    }

    /// Refuses a desk that does not exist, where an empty answer would hide that; the last `seq` of its journal.
    async fn require(&self, desk: &DeskId) -> Result<u64, Failure> {
        let stream = Stream::new(RoutingCore::SERVICE, desk.clone());
        match self.store.tail(&stream).await? {
            Some(tail) => Ok(tail.seq),
            None => Err(DeskError::UnknownDesk(desk.clone()).into()),
        }
    }

    async fn work_list(&self, desk: &DeskId, agent: &AgentId) -> Result<WorkList, Failure> {
        match self.desks.query(desk, Query::WorkList(agent.clone())).await? {
            Answer::WorkList(Some(list)) => Ok(list),
            Answer::WorkList(None) => Err(Failure::missing("agent", agent, "agent")),
            _ => Err(Failure::OtherAnswer),
        }
    }

    /// None where there is no such ticket, or no working state of it any more.
    async fn explain(&self, desk: &DeskId, ticket: TicketId) -> Result<Option<Explanation>, Failure> {
        match self.desks.query(desk, Query::Explain(ticket)).await? {
            Answer::Explain(explanation) => Ok(explanation.map(|explanation| *explanation)),
            _ => Err(Failure::OtherAnswer),
        }
    }
}

/// The method under which a command is remembered: the RPC's name, whether it came by that or by a stream.
const fn method(command: &Command) -> &'static str {
    match command {
        Command::Activate(_) => "ApplyDesk",
        Command::Intake(_) => "Intake",
        Command::SetPresence { .. } => "SetPresence",
        Command::Accept { .. } => "AcceptOffer",
        Command::Decline { .. } => "DeclineOffer",
        Command::Hold { .. } => "HoldTicket",
        Command::Resume { .. } => "ResumeTicket",
        Command::Requeue { .. } => "RequeueTicket",
        Command::Transfer { .. } => "TransferTicket",
        Command::Resolve { .. } => "ResolveTicket",
        Command::FinishWrapUp { .. } => "FinishWrapUp",
        Command::Reopen { .. } => "ReopenTicket",
        Command::Cancel { .. } => "CancelTicket",
        Command::Answer { .. } => "Reply",
        Command::SetPriority { .. } => "SetPriority",
        Command::ReportDelivery { .. } => "ReportDelivery",
        Command::CustomerLeft { .. } => "CustomerLeft",
        Command::AdjustAge { .. } => "AdjustTicketAge",
        Command::Pull { .. } => "PullTicket",
        Command::Consult { .. } => "ConsultTicket",
        Command::EndHelp { .. } => "EndHelp",
        Command::HandOver { .. } => "HandOverTicket",
        Command::Merge { .. } => "MergeTickets",
        Command::Split { .. } => "SplitTicket",
        Command::Schedule { .. } => "ScheduleTicket",
    }
}
