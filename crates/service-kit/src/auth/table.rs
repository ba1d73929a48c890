//! The one table of who may call what. A method without a row is denied to everybody, and a test
//! fails for it.

use std::collections::BTreeSet;

use prost::Message;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet, MethodDescriptorProto};
use tandem_domain::Role;
use tandem_domain::Role::{Admin, Agent, Channel, Reader, Service, Supervisor};

/// Where a request names its desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskRule {
    /// In the request's field `desk`; an answer is held back unless it was checked.
    InRequest,
    /// In the field `desk` of the stream's first message, which the handler checks when it comes.
    InStream,
    /// Nowhere: the method answers for whichever desks the token names.
    Any,
}

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodRule {
    /// Such as `/tandem.v1.TicketService/GetTicket`.
    pub path: &'static str,
    /// Who may.
    pub roles: &'static [Role],
    /// Where the desk is named.
    pub desk: DeskRule,
}

const fn row(path: &'static str, roles: &'static [Role], desk: DeskRule) -> MethodRule {
    MethodRule { path, roles, desk }
}

const ALL: &[Role] = &Role::ALL;
const RULE: &[Role] = &[Admin];
const STEER: &[Role] = &[Admin, Supervisor];
const WORK: &[Role] = &[Admin, Supervisor, Agent];
const LOOK: &[Role] = &[Admin, Supervisor, Agent, Reader, Service];
const OVERSEE: &[Role] = &[Admin, Supervisor, Reader, Service];
const BRING: &[Role] = &[Admin, Channel, Service];
const INSIDE: &[Role] = &[Service];

use DeskRule::{Any, InRequest, InStream};

/// Every method of Tandem.
#[rustfmt::skip]
pub const METHODS: &[MethodRule] = &[
    row("/tandem.v1.IngestService/Submit",              BRING,   InRequest),
    row("/tandem.v1.IngestService/GetMessage",          LOOK,    InRequest),
    row("/tandem.v1.IngestService/ListMessages",        LOOK,    InRequest),
    row("/tandem.v1.IngestService/ListUnrouted",        OVERSEE, InRequest),
    row("/tandem.v1.IngestService/ListParkedMessages",  OVERSEE, InRequest),
    row("/tandem.v1.IngestService/RetryParkedMessage",  STEER,   InRequest),
    row("/tandem.v1.IngestService/StoreAnswer",         INSIDE,  InRequest),
    row("/tandem.v1.IngestService/Answers",             BRING,   InStream),
    row("/tandem.v1.IngestService/ListDeliveries",      OVERSEE, InRequest),
    row("/tandem.v1.IngestService/RetryDelivery",       STEER,   InRequest),

    row("/tandem.v1.TicketService/GetTicket",           LOOK,    InRequest),
    row("/tandem.v1.TicketService/ListTickets",         LOOK,    InRequest),
    row("/tandem.v1.TicketService/ExplainTicket",       LOOK,    InRequest),
    row("/tandem.v1.TicketService/GetTimeline",         LOOK,    InRequest),
    row("/tandem.v1.TicketService/HoldTicket",          WORK,    InRequest),
    row("/tandem.v1.TicketService/ResumeTicket",        WORK,    InRequest),
    row("/tandem.v1.TicketService/RequeueTicket",       WORK,    InRequest),
    row("/tandem.v1.TicketService/TransferTicket",      WORK,    InRequest),
    row("/tandem.v1.TicketService/ResolveTicket",       WORK,    InRequest),
    row("/tandem.v1.TicketService/FinishWrapUp",        WORK,    InRequest),
    row("/tandem.v1.TicketService/ReopenTicket",        WORK,    InRequest),
    row("/tandem.v1.TicketService/CancelTicket",        STEER,   InRequest),
    row("/tandem.v1.TicketService/Reply",               WORK,    InRequest),
    row("/tandem.v1.TicketService/SetPriority",         WORK,    InRequest),
    row("/tandem.v1.TicketService/PullTicket",          STEER,   InRequest),
    row("/tandem.v1.TicketService/ConsultTicket",       WORK,    InRequest),
    row("/tandem.v1.TicketService/EndHelp",             WORK,    InRequest),
    row("/tandem.v1.TicketService/HandOverTicket",      WORK,    InRequest),
    row("/tandem.v1.TicketService/MergeTickets",        WORK,    InRequest),
    row("/tandem.v1.TicketService/SplitTicket",         WORK,    InRequest),
    row("/tandem.v1.TicketService/ScheduleTicket",      WORK,    InRequest),
    row("/tandem.v1.TicketService/AdjustTicketAge",     STEER,   InRequest),
    row("/tandem.v1.TicketService/BulkUpdateTickets",   STEER,   InRequest),

    row("/tandem.v1.AgentService/ListAgents",           LOOK,    InRequest),
    row("/tandem.v1.AgentService/GetWorkList",          LOOK,    InRequest),
    row("/tandem.v1.AgentService/SetPresence",          WORK,    InRequest),
    row("/tandem.v1.AgentService/Heartbeat",            WORK,    InRequest),
    row("/tandem.v1.AgentService/AcceptOffer",          WORK,    InRequest),
    row("/tandem.v1.AgentService/DeclineOffer",         WORK,    InRequest),
    row("/tandem.v1.AgentService/SetTyping",            WORK,    InRequest),
    row("/tandem.v1.AgentService/Work",                 WORK,    InStream),

    row("/tandem.v1.DeskService/ApplyDesk",             RULE,    InRequest),
    row("/tandem.v1.DeskService/GetDesk",               OVERSEE, InRequest),
    row("/tandem.v1.DeskService/ListDesks",             ALL,     Any),
    row("/tandem.v1.DeskService/ListDeskVersions",      OVERSEE, InRequest),
    row("/tandem.v1.DeskService/DiffDesk",              OVERSEE, InRequest),
    row("/tandem.v1.DeskService/Simulate",              STEER,   InRequest),
    row("/tandem.v1.DeskService/ListParked",            OVERSEE, InRequest),
    row("/tandem.v1.DeskService/RetryParked",           STEER,   InRequest),
    row("/tandem.v1.DeskService/RaiseJournalLevel",     RULE,    InRequest),

    row("/tandem.v1.EscalationService/ListClocks",      LOOK,    InRequest),
    row("/tandem.v1.EscalationService/ListEscalations", LOOK,    InRequest),
    row("/tandem.v1.EscalationService/AcknowledgeEscalation", WORK, InRequest),
    row("/tandem.v1.EscalationService/PreviewEscalation", LOOK,  InRequest),
    row("/tandem.v1.EscalationService/ListNotifications", OVERSEE, InRequest),
    row("/tandem.v1.EscalationService/RetryNotification", STEER, InRequest),

    row("/tandem.v1.MetricsService/QueryMetrics",       OVERSEE, InRequest),
    row("/tandem.v1.MetricsService/Watch",              OVERSEE, InRequest),
];

/// Compares a table with the contracts (an encoded `FileDescriptorSet`), for a test.
///
/// # Errors
/// Every method without a row, every row without a method or given twice, and every row whose desk is
/// not where it says.
pub fn check_complete(table: &[MethodRule], descriptors: &[u8]) -> Result<(), Vec<String>> {
    let set = FileDescriptorSet::decode(descriptors).map_err(|error| vec![error.to_string()])?;
    let mut faults = Vec::new();
    let mut paths = BTreeSet::new();
    for (path, method) in methods(&set) {
        match table.iter().find(|rule| rule.path == path) {
            None => faults.push(format!("{path} has no row")),
            Some(rule) if rule.desk != expected_desk(&set, method) => {
                faults.push(format!("{path} names its desk {:?}", expected_desk(&set, method)));
            }
            Some(_) => {}
        }
        paths.insert(path);
    }
    let surplus = table.iter().filter(|rule| !paths.remove(rule.path));
    faults.extend(surplus.map(|rule| format!("{} is no method, or has two rows", rule.path)));
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn methods(set: &FileDescriptorSet) -> Vec<(String, &MethodDescriptorProto)> {
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let path =
                |method: &MethodDescriptorProto| format!("/{}.{}/{}", file.package(), service.name(), method.name());
            methods.extend(service.method.iter().map(|method| (path(method), method)));
        }
    }
    methods
}

fn expected_desk(set: &FileDescriptorSet, method: &MethodDescriptorProto) -> DeskRule {
    let input = set.file.iter().find_map(|file| {
        let name = method.input_type().strip_prefix(&format!(".{}.", file.package()))?;
        file.message_type.iter().find(|message| message.name() == name)
    });
    match input.is_some_and(names_desk) {
        true if method.client_streaming() => InStream,
        true => InRequest,
        false => Any,
    }
}

fn names_desk(message: &DescriptorProto) -> bool {
    message
        .field
        .iter()
        .any(|field| field.name() == "desk" && field.r#type() == Type::String)
}
