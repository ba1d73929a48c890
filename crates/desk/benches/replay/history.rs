//! A busy desk's history: tickets come every ten milliseconds, are accepted after two seconds, answered and resolved after
//! a minute, closed after five.

use std::collections::VecDeque;
use std::time::Duration;

use tandem_desk::Journaled;
use tandem_domain::desk::{AgentProfile, ChannelPolicy, QueuePolicy};
use tandem_domain::routing::{AfterAnswer, Command, Intake, RoutingEvent};
use tandem_domain::{
    Actor, AgentId, Cause, Channel, CompiledDesk, Context, ConversationId, Core, DeskId, Event, MessageId, OfferId,
    Presence, Priority, Proficiency, TicketId, Timestamp, Trace,
};
use tandem_routing::RoutingCore;
use tandem_store::Record;
use uuid::Uuid;

pub(crate) const AGENTS: usize = 1_000;
const LANGUAGES: [&str; 4] = ["en", "de", "fr", "it"];

pub(crate) struct History {
    pub(crate) desk: DeskId,
    pub(crate) records: Vec<Record>,
    /// After everybody came online.
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    compiled: CompiledDesk,
}

/// The desk, and what its agents will do.
struct Day {
    core: RoutingCore,
    now: Timestamp,
    events: Vec<Event<RoutingEvent>>,
    records: Vec<Record>,
    accepts: VecDeque<(Timestamp, AgentId, OfferId)>,
    resolves: VecDeque<(Timestamp, TicketId, AgentId)>,
    requests: u64,
}

impl History {
    pub(crate) fn of(tickets: u128) -> Self {
        let (desk, compiled) = ("acme".parse().unwrap(), compiled());
        let mut day = Day::new(&desk);
        day.command(Command::Activate(Box::new(compiled.clone())));
        for profile in &compiled.agents {
            let (agent, presence) = (profile.id.clone(), Presence::Online);
            day.command(Command::SetPresence { agent, presence });
        }
        day.now = day.now.plus(Duration::from_secs(1));
        let from = day.now;
        (1..=tickets).for_each(|number| day.ticket(number));
        let to = day.now;
        Self {
            desk,
            records: day.records,
            from,
            to,
            compiled,
        }
    }

    /// With one agent of ten less.
    pub(crate) fn other(&self) -> CompiledDesk {
        let mut other = self.compiled.clone();
        other.hash = "1".repeat(64);
        let mut place = 0;
        other.agents.retain(|_| {
            place += 1;
            place % 10 != 0
        });
        other
    }
}

impl Day {
    fn new(desk: &DeskId) -> Self {
        Self {
            core: RoutingCore::new(desk),
            now: Timestamp::from_micros(1_800_000_000_000_000),
            events: Vec::new(),
            records: Vec::new(),
            accepts: VecDeque::new(),
            resolves: VecDeque::new(),
            requests: 0,
        }
    }

    fn ticket(&mut self, number: u128) {
        self.now = self.now.plus(Duration::from_millis(10));
        if self.core.next_wakeup().is_some_and(|due| due <= self.now) {
            let context = self.context(Cause::Timer);
            self.core.tick(&context, &mut self.events);
            self.keep();
        }
        while let Some((_, agent, offer)) = self.accepts.pop_front_if(|(due, ..)| *due <= self.now) {
            self.command(Command::Accept { agent, offer });
        }
        while let Some((_, ticket, agent)) = self.resolves.pop_front_if(|(due, ..)| *due <= self.now) {
            self.command(Command::Answer {
                ticket,
                message: MessageId(Uuid::from_u128(u128::from(ticket.0) << 64)),
                author: Some(agent),
                visible: true,
                then: AfterAnswer::Resolve,
            });
        }
        self.command(Command::Intake(intake(number, self.now).into()));
    }

    fn command(&mut self, command: Command) {
        self.requests += 1;
        let cause = Cause::Request {
            method: "bench".into(),
            id: self.requests.to_string().into(),
        };
        let context = self.context(cause);
        self.core.handle(command, &context, &mut self.events).unwrap();
        self.keep();
    }

    fn context(&self, cause: Cause) -> Context {
        Context {
            now: self.now,
            actor: Actor::service("router"),
            cause,
            trace: Trace::default(),
        }
    }

    fn keep(&mut self) {
        for event in std::mem::take(&mut self.events) {
            match &event.body {
                RoutingEvent::OfferIssued { offer, agent, .. } => {
                    let due = self.now.plus(Duration::from_secs(2));
                    self.accepts.push_back((due, agent.clone(), *offer));
                }
                RoutingEvent::OfferAccepted { ticket, agent, .. } => {
                    let due = self.now.plus(Duration::from_mins(1));
                    self.resolves.push_back((due, *ticket, agent.clone()));
                }
                _ => {}
            }
            let encoded = RoutingCore::encode(&event);
            self.records.push(Record {
                seq: self.records.len() as u64 + 1,
                incarnation: 1,
                kind: encoded.kind.to_owned(),
                at: event.at,
                payload: encoded.payload,
            });
        }
    }
}

fn intake(number: u128, now: Timestamp) -> Intake {
    let language = LANGUAGES[usize::try_from(number % 4).unwrap()];
    Intake {
        message: MessageId(Uuid::from_u128(number)),
        conversation: ConversationId(Uuid::from_u128(number)),
        account: "mail".parse().unwrap(),
        channel: Channel::Email,
        queue: "support".parse().unwrap(),
        language: Some(language.parse().unwrap()),
        skills: [].into(),
        tags: [].into(),
        priority: Priority::Normal,
        received_at: now,
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    }
}

fn compiled() -> CompiledDesk {
    let team: tandem_domain::TeamId = "front".parse().unwrap();
    let agent = |number: usize| AgentProfile {
        teams: vec![team.clone()],
        languages: [0, 1]
            .map(|other| (LANGUAGES[(number + other) % 4].parse().unwrap(), Proficiency::C1))
            .into(),
        capacity: 8,
        ..AgentProfile::new(format!("a{number}").parse().unwrap())
    };
    CompiledDesk {
        hash: "0".repeat(64),
        default_language: Some("en".parse().unwrap()),
        teams: vec![team.clone()],
        agents: (0..AGENTS).map(agent).collect(),
        queues: vec![QueuePolicy {
            teams: vec![team.clone()],
            ..QueuePolicy::new("support".parse().unwrap())
        }],
        channels: [(
            Channel::Email,
            ChannelPolicy {
                units: 1,
                hold_units: 0,
                offer_ttl: Duration::from_mins(5),
                wrap_up: Duration::ZERO,
                hold_percent: None,
                auto_accept: false,
            },
        )]
        .into(),
        close_after: Duration::from_mins(5),
        ..CompiledDesk::default()
    }
}
