//! Three desks on which some work was done, by the shell itself: what an audit must find nothing wrong with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use tandem_bus::InProcessBus;
use tandem_desk::{Desks, RequestMark, Settings, Submission};
use tandem_domain::routing::{AfterAnswer, Command, DeclineReason, DeliveryOutcome, Intake, Reply};
use tandem_domain::{
    Actor, AgentId, Channel, Clock, CompiledDesk, ConversationId, DeskId, IdSource, MessageId, OfferId, Presence,
    Priority, Role, TicketId, Trace,
};
use tandem_routing::RoutingCore;
use tandem_service_kit::ids::SystemIds;
use tandem_store::{
    ConversationStore, DocumentStore, JournalStore, MemoryStore, NewAnswer, NewDocument, OutboxOutcome, Snapshot,
    Stream, WithoutConversation,
};
use uuid::Uuid;

/// Three desks, at rest.
pub(super) struct Story {
    pub(super) store: MemoryStore,
    /// A snapshot of acme's that was replaced by a later one.
    pub(super) early: Snapshot,
}

pub(super) fn acme() -> DeskId {
    key("acme")
}

pub(super) fn stream() -> Stream {
    Stream::new("router", acme())
}

pub(crate) fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().expect("a key")
}

/// Of these, ana may still take something, cy is full, dan speaks no German, and ben is never there.
const DESK: &str = "\
languages: [de, en]
default_language: de
skills: {billing: Invoices}
teams: {inside: {}, partner: {}}
channels:
  email:
    offer_ttl: 10m
    accounts: {support: {addresses: [help@example.com], queue: general}}
agents:
  ana: {teams: [inside], capacity: 3, languages: {de: C2}}
  ben: {teams: [inside], capacity: 3, languages: {de: C2}, skills: {billing: 3}}
  cy: {teams: [partner], capacity: 1, languages: {de: C2}}
  dan: {teams: [inside, partner], capacity: 2, languages: {en: C2}}
queues:
  general: {teams: [inside], decline_pause: 12h}
  overflow: {teams: [partner]}
";

pub(super) fn desk_file(desk: &str) -> CompiledDesk {
    desk_of(&format!("desk: {desk}\n{DESK}"))
}

/// What the router makes of a desk file.
pub(crate) fn desk_of(text: &str) -> CompiledDesk {
    let file = tandem_desk_file::parse(text).unwrap_or_else(|faults| panic!("{faults:?}"));
    tandem_desk_file::compile(&file, text)
}

/// A German mail for the queue `general` that needs no skill, the only one of its conversation.
pub(crate) fn mail(number: u128) -> Intake {
    Intake {
        message: MessageId(Uuid::from_u128(number)),
        conversation: ConversationId(Uuid::from_u128(number)),
        account: key("support"),
        channel: Channel::Email,
        queue: key("general"),
        language: Some(key("de")),
        skills: BTreeMap::new(),
        tags: BTreeSet::new(),
        priority: Priority::Normal,
        received_at: tandem_domain::Timestamp::EPOCH,
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    }
}

/// One that only ben could serve.
pub(crate) fn invoice(number: u128) -> Intake {
    let skills = [(key("billing"), 3.try_into().expect("a level"))].into();
    Intake { skills, ..mail(number) }
}

/// One for the partner.
fn for_partner(number: u128) -> Intake {
    Intake {
        queue: key("overflow"),
        ..mail(number)
    }
}

impl Story {
    pub(super) async fn told() -> Self {
        let store = MemoryStore::new();
        for (number, desk) in ["acme", "globex", "initech"].into_iter().enumerate() {
            Teller::start(&store, desk, number).await.first_day().await;
        }
        let early = store
            .snapshot(&stream())
            .await
            .expect("readable")
            .expect("taken at the end");
        Teller::start(&store, "acme", 0).await.second_day().await;
        Self { store, early }
    }

    /// Stores a message of acme's and, if given, the ticket on which the router is said to have put it.
    pub(super) async fn keep(&self, intake: &Intake, ticket: Option<u64>) {
        keep(&self.store, &acme(), intake).await;
        if let Some(ticket) = ticket {
            settle(&self.store, &acme(), intake, OutboxOutcome::OnTicket(ticket)).await;
        }
    }
}

/// One process that owns the desk for a while.
struct Teller<'a> {
    store: &'a MemoryStore,
    desk: DeskId,
    desks: Desks<RoutingCore>,
    /// Message ids are never those of another desk's.
    base: u128,
}

impl<'a> Teller<'a> {
    async fn start(store: &'a MemoryStore, desk: &str, number: usize) -> Self {
        let parts = (Arc::new(store.clone()), Arc::new(InProcessBus::new()));
        let desks = Desks::start(Settings::default(), parts.0, parts.1, Arc::new(SystemIds));
        let desk = key(desk);
        desks.create(&desk).await.expect("the desk is begun");
        let base = 1_000 * number as u128;
        Self {
            store,
            desk,
            desks,
            base,
        }
    }

    /// T1 waits, declined by ana; T2 is ana's; T3 is offered to her; T4 waits for ben; T5 is cy's, and T6 waits for
    /// her; T7 is done. One message is unrouted, and one on its way.
    async fn first_day(self) {
        let desk = desk_file(self.desk.as_str());
        self.act(Command::Activate(Box::new(desk))).await;
        for agent in ["ana", "cy", "dan"] {
            self.be(agent, Presence::Online).await;
        }
        self.take_in(mail(1)).await;
        self.decline("ana", 1).await;
        self.take_in(mail(2)).await;
        self.accept("ana", 2).await;
        self.take_in(mail(3)).await;
        self.take_in(invoice(4)).await;
        self.take_in(for_partner(5)).await;
        self.accept("cy", 4).await;
        self.take_in(for_partner(6)).await;
        let answer = Intake {
            conversation: self.numbered(mail(2)).conversation,
            ..mail(7)
        };
        self.take_in(answer).await;
        self.answer(TicketId(2), mail(2), "ana").await;
        let away = Intake {
            automatic: true,
            ..mail(8)
        };
        self.take_in(away).await;
        keep(self.store, &self.desk, &self.numbered(mail(9))).await;
        self.desks.shutdown().await;
    }

    /// Dan serves a partner's English customer: T7. T8, which waits for ben, is cancelled.
    async fn second_day(self) {
        let english = Intake {
            language: Some(key("en")),
            ..for_partner(10)
        };
        self.take_in(english).await;
        self.accept("dan", 5).await;
        let ticket = TicketId(7);
        self.act(Command::Resolve { ticket }).await;
        self.take_in(invoice(11)).await;
        self.act(Command::Cancel { ticket: TicketId(8) }).await;
        self.desks.shutdown().await;
    }

    async fn be(&self, agent: &str, presence: Presence) {
        let agent = key(agent);
        self.act(Command::SetPresence { agent, presence }).await;
    }

    async fn accept(&self, agent: &str, offer: u64) {
        let (agent, offer): (AgentId, _) = (key(agent), OfferId(offer));
        self.act(Command::Accept { agent, offer }).await;
    }

    async fn decline(&self, agent: &str, offer: u64) {
        let (agent, offer) = (key(agent), OfferId(offer));
        let reason = DeclineReason::Busy;
        self.act(Command::Decline { agent, offer, reason }).await;
    }

    fn numbered(&self, intake: Intake) -> Intake {
        let number = |id: Uuid| Uuid::from_u128(self.base + id.as_u128());
        let received_at = self.store.clock().now();
        Intake {
            message: MessageId(number(intake.message.0)),
            conversation: match intake.conversation.0.as_u128() {
                numbered if numbered > self.base => intake.conversation,
                _ => ConversationId(number(intake.conversation.0)),
            },
            received_at,
            ..intake
        }
    }

    /// As ingest does: stored, told, and the answer noted.
    async fn take_in(&self, intake: Intake) {
        let intake = self.numbered(intake);
        keep(self.store, &self.desk, &intake).await;
        let outcome = match self.act(Command::Intake(Box::new(intake.clone()))).await {
            Reply::OnTicket { ticket, .. } => OutboxOutcome::OnTicket(ticket.0),
            Reply::Unrouted => OutboxOutcome::Unrouted("no_open_ticket".to_owned()),
            other => panic!("{other:?}"),
        };
        settle(self.store, &self.desk, &intake, outcome).await;
    }

    /// As the router and ingest do: kept, told, and listed. It reaches the customer.
    async fn answer(&self, ticket: TicketId, to: Intake, author: &str) {
        let to = self.numbered(to);
        let message = MessageId(Uuid::from_u128(self.base + 500));
        keep_answer(self.store, &self.desk, ticket, (message, to.conversation)).await;
        self.act(Command::Answer {
            ticket,
            message,
            author: Some(key(author)),
            visible: true,
            then: AfterAnswer::Keep,
        })
        .await;
        let released = self.store.release_answers(&self.desk, &[message]).await;
        released.expect("released");
        let outcome = DeliveryOutcome::Delivered;
        self.act(Command::ReportDelivery {
            ticket,
            message,
            outcome,
        })
        .await;
    }

    async fn act(&self, command: Command) -> Reply {
        let actor = Actor {
            role: Role::Admin,
            subject: "sue".into(),
        };
        let request = RequestMark {
            method: "Story".to_owned(),
            id: SystemIds.next(self.store.clock().now()).to_string(),
            forever: false,
        };
        let submission = Submission {
            command,
            actor,
            request,
            rows: Vec::new(),
            trace: Trace::default(),
        };
        let outcome = self.desks.submit(&self.desk, submission).await;
        outcome.unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Stores a message, as ingest does.
pub(super) async fn keep(store: &MemoryStore, desk: &DeskId, intake: &Intake) {
    let key = Bytes::copy_from_slice(intake.message.0.as_bytes());
    let document = NewDocument {
        desk: desk.clone(),
        id: intake.message,
        dedupe_key: key.clone(),
        find_by: Vec::new(),
        known_as: Vec::new(),
        otherwise: WithoutConversation::Start(intake.conversation),
        body: Bytes::new(),
        raw: Bytes::new(),
        outbox: Bytes::new(),
        received_at: intake.received_at,
        trace: String::new(),
        claimed_for: std::time::Duration::ZERO,
    };
    store.accept(vec![document]).await.expect("stored");
}

/// Keeps an answer, as ingest does before the router takes it.
pub(super) async fn keep_answer(
    store: &MemoryStore,
    desk: &DeskId,
    ticket: TicketId,
    (message, conversation): (MessageId, ConversationId),
) {
    let answer = NewAnswer {
        desk: desk.clone(),
        id: message,
        dedupe_key: Bytes::copy_from_slice(message.0.as_bytes()),
        conversation,
        ticket: ticket.0,
        body: Bytes::new(),
        received_at: store.clock().now(),
    };
    store.add_answer(answer).await.expect("kept");
}

/// Notes what became of it.
pub(super) async fn settle(store: &MemoryStore, desk: &DeskId, intake: &Intake, outcome: OutboxOutcome) {
    let settled = vec![(desk.clone(), intake.message, outcome)];
    store.settle(settled).await.expect("settled");
}
