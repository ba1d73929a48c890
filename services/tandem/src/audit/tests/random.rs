//! Random legal histories: whatever the router's core does, an audit finds nothing wrong with it.

mod sharing;

use std::collections::BTreeSet;
use std::time::Duration;

use prost::Message;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tandem_desk::Journaled;
use tandem_domain::routing::{
    AfterAnswer, Command, DeclineReason, DeliveryOutcome, Intake, Reply, RoutingEvent, TransferTarget,
    UndeliveredReason,
};
use tandem_domain::{
    Actor, AgentId, Cause, Channel, CompiledDesk, Context, ConversationId, Core, DeskId, Event, MessageId, OfferId,
    Presence, Priority, Role, TicketId, Timestamp, Trace,
};
use tandem_proto::v1;
use tandem_routing::RoutingCore;
use tandem_store::{
    Append, Commit, ConversationStore, JournalStore, MemoryStore, NewRecord, OutboxOutcome, Row, Stream,
};
use uuid::Uuid;

use super::find;
use super::story::{desk_of, keep, keep_answer, key, mail, settle};

const SEEDS: u64 = 100;
const BATCHES: usize = 90;

#[tokio::test]
async fn legal_histories_have_no_findings_whatever_happens_in_them() {
    let desks = ["acme", "globex", "initech"].map(|desk| (key(desk), versions(desk)));
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let store = MemoryStore::new();
        for (number, (desk, versions)) in desks.iter().enumerate() {
            let mut player = Player::new(&store, (desk, versions), 3 * seed + number as u64);
            player.play().await;
            seen.append(&mut player.seen);
        }
        let findings = find(&store).await.expect("readable");
        assert_eq!(findings, [], "seed {seed}");
    }
    // A history in which nothing happens proves nothing.
    for kind in EVERYTHING {
        assert!(seen.contains(kind), "{kind} never happened");
    }
}

const EVERYTHING: [&str; 29] = [
    "DeskActivated",
    "TicketOpened",
    "MessageAdded",
    "PresenceChanged",
    "OfferIssued",
    "OfferAccepted",
    "OfferDeclined",
    "OfferExpired",
    "OfferRevoked",
    "TicketHeld",
    "TicketResumed",
    "TicketRequeued",
    "WrapUpStarted",
    "TicketDone",
    "WrapUpInterrupted",
    "TicketCancelled",
    "TicketClosed",
    "TicketAbandoned",
    "AnswerAdded",
    "AnswerDelivered",
    "AnswerFailed",
    "PriorityChanged",
    "TicketMerged",
    "TicketSplit",
    "TicketScheduled",
    "OwnerChanged",
    "HelpOffered",
    "HelpAccepted",
    "HelperLeft",
];

const AGENTS: [&str; 4] = ["ana", "bo", "cy", "di"];

const FILE: &str = "\
languages: [de, en]
default_language: en
close_after: 1d
skills: {billing: Invoices, vip: Important customers}
teams: {front: {}, back: {}}
channels:
  email: {units: 1, offer_ttl: 5m, wrap_up: 0s, accounts: {support: {addresses: [a@example.com], queue: support}}}
  chat: {units: 2, hold_units: 1, offer_ttl: 30s, wrap_up: 1m, accounts: {widget: {queue: support}}}
  phone: {units: 4, hold_units: 4, offer_ttl: 20s, wrap_up: 2m, accounts: {line: {queue: support}}}
agents:
  ana: {teams: [front], capacity: 5, languages: {en: C1, de: C2}, channel_max: {chat: 1}}
  bo: {teams: [front], capacity: 4, languages: {en: C1}, skills: {vip: 3}}
  cy: {teams: [back], capacity: 4, languages: {en: C1, de: B2}, skills: {billing: 3}}
  di: {teams: [front, back], capacity: 6, languages: {en: C2, de: B2}, skills: {billing: 2, vip: 1}, channel_max: {phone: 0}}
queues:
  support: {teams: [front], decline_pause: 1m, max_missed: 2}
  billing: {teams: [back], skills: {billing: 2}, aging: never, decline_pause: 10m}
";

/// Versions of the file: what is replaced, and by what.
const VERSIONS: [(&str, &str); 8] = [
    ("", ""),
    ("capacity: 6", "capacity: 2"),
    ("channel_max: {chat: 1}", "channel_max: {chat: 0, email: 1}"),
    ("skills: {billing: 2}, aging: never", "skills: {billing: 3}"),
    ("default_language: en", "default_language: de"),
    ("teams: [front, back]", "teams: [back]"),
    (
        "  bo: {teams: [front], capacity: 4, languages: {en: C1}, skills: {vip: 3}}\n",
        "",
    ),
    ("decline_pause: 1m", "decline_pause: 0s"),
];

pub(super) fn versions(desk: &str) -> Vec<CompiledDesk> {
    let compiled = VERSIONS.map(|(old, new)| desk_of(&format!("desk: {desk}\n{}", FILE.replacen(old, new, 1))));
    compiled.into()
}

/// Plays a desk's shell, and everybody who uses the desk.
pub(super) struct Player<'a> {
    store: &'a MemoryStore,
    desk: DeskId,
    versions: &'a [CompiledDesk],
    rng: StdRng,
    core: RoutingCore,
    now: Timestamp,
    seq: u64,
    epoch: u64,
    messages: u128,
    offers: Vec<(OfferId, AgentId)>,
    tickets: u64,
    answers: Vec<(TicketId, MessageId)>,
    /// On which ticket each of the customers' messages is.
    received: Vec<(TicketId, MessageId)>,
    seen: BTreeSet<&'static str>,
}

impl<'a> Player<'a> {
    pub(super) fn new(store: &'a MemoryStore, (desk, versions): (&DeskId, &'a [CompiledDesk]), seed: u64) -> Self {
        Self {
            store,
            desk: desk.clone(),
            versions,
            rng: StdRng::seed_from_u64(seed),
            core: RoutingCore::new(desk),
            now: Timestamp::from_micros(1_800_000_000_000_000),
            seq: 0,
            epoch: 0,
            messages: u128::from(seed) * 1_000_000,
            offers: Vec::new(),
            tickets: 0,
            answers: Vec::new(),
            received: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    pub(super) async fn play(&mut self) {
        self.open().await;
        self.batch(vec![Command::Activate(Box::new(self.versions[0].clone()))])
            .await;
        for _ in 0..BATCHES {
            if self.rng.random_bool(0.03) {
                self.open().await;
            }
            self.let_time_pass();
            let commands = (0..self.rng.random_range(0..4)).map(|_| self.command()).collect();
            self.batch(commands).await;
        }
    }

    /// Minutes mostly; sometimes days.
    fn let_time_pass(&mut self) {
        let seconds = match self.rng.random_range(0..20) {
            0 => self.rng.random_range(0..200_000),
            1..10 => self.rng.random_range(0..120),
            _ => 0,
        };
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    /// Another process takes the desk over.
    async fn open(&mut self) {
        self.epoch += 1;
        let opened = v1::Opened {
            epoch: self.epoch,
            incarnation: self.incarnation(),
            level: 1,
            at: None,
        };
        let record = NewRecord {
            kind: "Opened".to_owned(),
            at: self.now,
            payload: opened.encode_to_vec().into(),
        };
        let snapshot = self.core.snapshot();
        self.core = RoutingCore::restore(&self.desk, RoutingCore::SNAPSHOT_FORMAT, &snapshot).expect("its own");
        self.commit(vec![record], Vec::new()).await;
    }

    fn incarnation(&self) -> u64 {
        self.epoch * 7919
    }

    /// As the shell does: what is due first, then the commands, all at the same time and in one commit.
    async fn batch(&mut self, commands: Vec<Command>) {
        let mut events = Vec::new();
        let own = self.context(Actor::service("router"));
        if self.core.next_wakeup().is_some_and(|due| due <= self.now) {
            self.core.tick(&own, &mut events);
        }
        if self.rng.random_bool(0.03) {
            let agent = self.agent();
            self.core.session_lost(&agent, &own, &mut events);
        }
        let mut settled = Vec::new();
        for command in commands {
            settled.extend(self.handle(command, &mut events).await);
        }
        self.write(&events).await;
        self.release(&events).await;
        for (intake, outcome) in settled {
            settle(self.store, &self.desk, &intake, outcome).await;
        }
    }

    /// A message is stored before the router hears of it; now and then ingest does not hear the answer.
    async fn handle(
        &mut self,
        command: Command,
        events: &mut Vec<Event<RoutingEvent>>,
    ) -> Option<(Intake, OutboxOutcome)> {
        let intake = match &command {
            Command::Intake(intake) => Some((**intake).clone()),
            _ => None,
        };
        if let Some(intake) = &intake {
            keep(self.store, &self.desk, intake).await;
        }
        if let Command::Answer { ticket, message, .. } = &command {
            let conversation = ConversationId(message.0);
            keep_answer(self.store, &self.desk, *ticket, (*message, conversation)).await;
        }
        let supervisor = Actor {
            role: Role::Supervisor,
            subject: "sue".into(),
        };
        // What is refused changes nothing.
        let done = self.core.handle(command, &self.context(supervisor), events).ok()?;
        let heard = self.rng.random_bool(0.9);
        let outcome = match self.core.reply(done) {
            Reply::OnTicket { ticket, .. } => OutboxOutcome::OnTicket(ticket.0),
            Reply::Unrouted => OutboxOutcome::Unrouted("no_open_ticket".to_owned()),
            _ => return None,
        };
        intake.filter(|_| heard).map(|intake| (intake, outcome))
    }

    /// Ingest has read of the answers; now and then it is behind.
    async fn release(&mut self, events: &[Event<RoutingEvent>]) {
        let answers = events.iter().filter_map(|event| match &event.body {
            RoutingEvent::AnswerAdded { message, .. } => Some(*message),
            _ => None,
        });
        let answers: Vec<_> = answers.collect();
        if self.rng.random_bool(0.9) {
            let released = self.store.release_answers(&self.desk, &answers).await;
            released.expect("released");
            self.move_documents(events).await;
        }
    }

    fn context(&self, actor: Actor) -> Context {
        Context {
            now: self.now,
            actor,
            cause: Cause::Timer,
            trace: Trace::default(),
        }
    }

    async fn write(&mut self, events: &[Event<RoutingEvent>]) {
        let mut records = Vec::new();
        for event in events {
            let encoded = RoutingCore::encode(event);
            self.seen.insert(encoded.kind);
            self.note(&event.body);
            records.push(NewRecord {
                kind: encoded.kind.to_owned(),
                at: event.at,
                payload: encoded.payload,
            });
        }
        let changes = self.core.rows(events).into_iter();
        let rows = changes.map(|change| Row {
            desk: self.desk.clone(),
            table: change.table.to_owned(),
            key: change.key,
            value: change.value.map(Into::into),
        });
        self.commit(records, rows.collect()).await;
    }

    fn note(&mut self, event: &RoutingEvent) {
        self.note_messages(event);
        match event {
            RoutingEvent::OfferIssued { offer, agent, .. } | RoutingEvent::HelpOffered { offer, agent, .. } => {
                self.offers.push((*offer, agent.clone()));
            }
            RoutingEvent::TicketOpened { ticket, .. } | RoutingEvent::TicketSplit { ticket, .. } => {
                self.tickets = ticket.0;
            }
            RoutingEvent::AnswerAdded { ticket, message, .. } => self.answers.push((*ticket, *message)),
            _ => {}
        }
    }

    async fn commit(&mut self, records: Vec<NewRecord>, rows: Vec<Row>) {
        let written = records.len() as u64;
        let append = Append {
            stream: Stream::new(RoutingCore::SERVICE, self.desk.clone()),
            first_seq: self.seq + 1,
            incarnation: self.incarnation(),
            records,
        };
        let commit = Commit {
            append: Some(append),
            rows,
            ..Commit::default()
        };
        self.store.commit(commit).await.expect("committed");
        self.seq += written;
    }

    fn command(&mut self) -> Command {
        match self.rng.random_range(0..56) {
            50.. => self.share(),
            40..44 => self.answer(),
            44..48 => self.report(),
            48 => Command::CustomerLeft {
                conversation: self.conversation(),
            },
            49 => self.reprioritise(),
            0..9 => Command::Intake(Box::new(self.intake())),
            9..14 => self.presence(),
            14..23 => self.accept(),
            23..25 => self.decline(),
            25 => Command::Activate(Box::new(self.pick_version())),
            26..29 => self.transfer(),
            _ => self.step(),
        }
    }

    fn step(&mut self) -> Command {
        let ticket = self.ticket();
        match self.rng.random_range(0..15) {
            0..2 => Command::Hold { ticket },
            2..4 => Command::Resume { ticket },
            4 => Command::Requeue { ticket },
            5..8 => Command::Resolve { ticket },
            8..10 => Command::FinishWrapUp { ticket },
            10..14 => Command::Reopen { ticket },
            _ => Command::Cancel { ticket },
        }
    }

    fn intake(&mut self) -> Intake {
        self.messages += 1;
        let skills: &[(&str, u8)] =
            self.pick(&[&[][..], &[("vip", 1)], &[("latin", 2)], &[("billing", 1), ("vip", 1)]]);
        let language = self.pick(&[None, Some("en"), Some("de"), Some("de-CH"), Some("fr")]);
        Intake {
            message: MessageId(Uuid::from_u128(self.messages)),
            conversation: self.conversation(),
            channel: self.pick(&Channel::ALL),
            queue: key(self.pick(&["support", "support", "billing", "gone"])),
            language: language.map(key),
            skills: skills
                .iter()
                .map(|(skill, level)| (key(skill), (*level).try_into().expect("a level")))
                .collect(),
            priority: self.pick(Priority::ALL),
            received_at: self.now,
            automatic: self.rng.random_bool(0.1),
            ..mail(0)
        }
    }

    fn conversation(&mut self) -> ConversationId {
        ConversationId(Uuid::from_u128(self.rng.random_range(0..25)))
    }

    /// By a supervisor, or by somebody who is said to own the ticket.
    fn answer(&mut self) -> Command {
        self.messages += 1;
        let author = self.rng.random_bool(0.5).then(|| self.agent());
        Command::Answer {
            ticket: self.ticket(),
            message: MessageId(Uuid::from_u128(self.messages)),
            author,
            visible: self.rng.random_bool(0.8),
            then: self.pick(&[AfterAnswer::Keep, AfterAnswer::AwaitCustomer, AfterAnswer::Resolve]),
        }
    }

    fn report(&mut self) -> Command {
        let ago = self.rng.random_range(0..4);
        let given = self.answers.iter().rev().nth(ago).copied();
        let (ticket, message) = given.unwrap_or((TicketId(1), mail(0).message));
        let outcome = self.pick(&[
            DeliveryOutcome::Delivered,
            DeliveryOutcome::Failed(UndeliveredReason::Bounced),
        ]);
        Command::ReportDelivery {
            ticket,
            message,
            outcome,
        }
    }

    fn reprioritise(&mut self) -> Command {
        Command::SetPriority {
            ticket: self.ticket(),
            priority: self.pick(Priority::ALL),
            seen: None,
        }
    }

    fn presence(&mut self) -> Command {
        let presence = self.pick(&[Presence::Online, Presence::Online, Presence::Away, Presence::Offline]);
        let agent = self.agent();
        Command::SetPresence { agent, presence }
    }

    /// One of the last offers, mostly by whom it was made to.
    fn answered(&mut self) -> (OfferId, AgentId) {
        let ago = self.rng.random_range(1..4);
        let made = self.offers.iter().rev().nth(ago - 1).cloned();
        let (offer, agent) = made.unwrap_or_else(|| (OfferId(1), key("ana")));
        let foreign = self.rng.random_bool(0.05);
        (offer, if foreign { self.agent() } else { agent })
    }

    fn accept(&mut self) -> Command {
        let (offer, agent) = self.answered();
        Command::Accept { agent, offer }
    }

    fn decline(&mut self) -> Command {
        let (offer, agent) = self.answered();
        let reason = DeclineReason::Other;
        Command::Decline { agent, offer, reason }
    }

    fn transfer(&mut self) -> Command {
        let to = if self.rng.random_bool(0.5) {
            TransferTarget::Agent(self.agent())
        } else {
            TransferTarget::Queue(key(self.pick(&["support", "billing"])))
        };
        let ticket = self.ticket();
        Command::Transfer { ticket, to, seen: None }
    }

    fn pick_version(&mut self) -> CompiledDesk {
        self.versions.choose(&mut self.rng).expect("some").clone()
    }

    fn agent(&mut self) -> AgentId {
        key(self.pick(&AGENTS))
    }

    /// A late one mostly.
    fn ticket(&mut self) -> TicketId {
        let ago = self.rng.random_range(0..8);
        TicketId(self.tickets.saturating_sub(ago).max(1))
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *from.choose(&mut self.rng).expect("some")
    }
}
