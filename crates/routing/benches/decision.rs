//! What one ticket costs, from arrival to resolution, beside the plainest way to choose an agent:
//! looking at each of them. Compare the two within one run; absolute times are the machine's.

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::str::FromStr;
use std::time::Duration;

use divan::Bencher;
use tandem_domain::desk::{AgentProfile, ChannelPolicy, QueuePolicy};
use tandem_domain::routing::{Command, Intake, RoutingEvent};
use tandem_domain::{
    Actor, AgentId, Cause, Channel, CompiledDesk, Context, ConversationId, Core, Event, MessageId, Presence, Priority,
    Proficiency, SkillLevel, SlaPlan, TicketId, Timestamp, Trace,
};
use tandem_routing::RoutingCore;
use uuid::Uuid;

const LANGUAGES: [&str; 8] = ["de", "en", "es", "fr", "it", "nl", "pl", "pt"];
const SKILLS: [&str; 4] = ["billing", "hardware", "network", "returns"];
const AGENTS: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    divan::main();
}

fn key<K: FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().expect("a key")
}

/// Each agent speaks two of the languages and has two of the skills.
fn agent(number: usize) -> AgentProfile {
    let languages = [number, number / 8].map(|at| (key(LANGUAGES[at % LANGUAGES.len()]), Proficiency::C1));
    let skills = [number / 3, number / 5].map(|at| (key(SKILLS[at % SKILLS.len()]), SkillLevel::BASIC));
    AgentProfile {
        teams: vec![key("front")],
        skills: skills.into(),
        languages: languages.into(),
        capacity: 5,
        channel_max: BTreeMap::new(),
        contact: None,
        ..AgentProfile::new(key(&format!("agent-{number}")))
    }
}

fn desk(agents: usize) -> CompiledDesk {
    let policy = ChannelPolicy {
        units: 1,
        hold_units: 0,
        offer_ttl: Duration::from_mins(5),
        wrap_up: Duration::ZERO,
        hold_percent: None,
        auto_accept: false,
    };
    CompiledDesk {
        version: 0,
        hash: "0".repeat(64),
        default_language: None,
        min_proficiency: Proficiency::B2,
        skills: SKILLS.map(key).into(),
        teams: vec![key("front")],
        agents: (0..agents).map(agent).collect(),
        queues: vec![QueuePolicy {
            teams: vec![key("front")],
            skills: BTreeMap::new(),
            aging: Some(Duration::from_hours(1)),
            decline_pause: Duration::from_mins(1),
            max_missed: 3,
            tier: 1,
            next_tier: None,
            ..QueuePolicy::new(key("support"))
        }],
        channels: [(Channel::Email, policy)].into(),
        accounts: [(key("mail"), Channel::Email)].into(),
        close_after: Duration::from_millis(1),
        timezone: "UTC".to_owned(),
        service_levels: BTreeMap::new(),
        sla: SlaPlan::default(),
        ..CompiledDesk::default()
    }
}

fn mail(number: u64) -> Intake {
    let at = usize::try_from(number).expect("small");
    let id = Uuid::from_u128(u128::from(number));
    Intake {
        message: MessageId(id),
        conversation: ConversationId(id),
        account: key("mail"),
        channel: Channel::Email,
        queue: key("support"),
        language: Some(key(LANGUAGES[at % LANGUAGES.len()])),
        skills: [(key(SKILLS[at / 8 % SKILLS.len()]), SkillLevel::BASIC)].into(),
        tags: [].into(),
        priority: Priority::Normal,
        received_at: Timestamp::from_micros(i64::MAX),
        automatic: false,
        customer: None,
        tandem: None,
        due_at: None,
    }
}

/// A desk with everybody online.
struct Running {
    core: RoutingCore,
    context: Context,
    events: Vec<Event<RoutingEvent>>,
    mails: u64,
    /// Accepted and not resolved, oldest first.
    assigned: VecDeque<TicketId>,
}

impl Running {
    fn new(agents: usize) -> Self {
        let context = Context {
            now: Timestamp::EPOCH,
            actor: Actor::service("bench"),
            cause: Cause::Timer,
            trace: Trace::default(),
        };
        let core = RoutingCore::new(&key("acme"));
        let mut running = Self {
            core,
            context,
            events: Vec::new(),
            mails: 0,
            assigned: VecDeque::new(),
        };
        let desk = desk(agents);
        let ids: Vec<AgentId> = desk.agents.iter().map(|agent| agent.id.clone()).collect();
        running.run(Command::Activate(Box::new(desk)));
        for agent in ids {
            running.run(Command::SetPresence {
                agent,
                presence: Presence::Online,
            });
        }
        running
    }

    fn run(&mut self, command: Command) {
        self.events.clear();
        let reply = self.core.handle(command, &self.context, &mut self.events);
        black_box(reply.expect("accepted"));
    }

    /// Time passes, so that what was resolved is closed and forgotten.
    fn pass(&mut self) {
        self.context.now = self.context.now.plus(Duration::from_millis(1));
        self.events.clear();
        self.core.tick(&self.context, &mut self.events);
    }

    fn arrive(&mut self) {
        self.mails += 1;
        self.run(Command::Intake(Box::new(mail(self.mails))));
    }

    /// The offers that the last command made are accepted.
    fn accept(&mut self) {
        for event in std::mem::take(&mut self.events) {
            if let RoutingEvent::OfferIssued {
                offer, agent, ticket, ..
            } = event.body
            {
                self.run(Command::Accept { agent, offer });
                self.assigned.push_back(ticket);
            }
        }
    }

    /// The ticket that was accepted first is resolved.
    fn resolve(&mut self) {
        let ticket = self.assigned.pop_front().expect("somebody has a ticket");
        self.run(Command::Resolve { ticket });
    }

    /// A ticket arrives, is accepted, resolved and closed.
    fn serve_one(&mut self) {
        self.arrive();
        self.accept();
        self.resolve();
        self.pass();
    }
}

/// A ticket arrives, is offered, accepted, resolved and closed: four turns of the core.
#[divan::bench(args = AGENTS)]
fn arrive_accept_resolve(bencher: Bencher, agents: usize) {
    let mut running = Running::new(agents);
    // Whoever comes first with a requirement pays for finding out who fits it.
    for _ in 0..LANGUAGES.len() * SKILLS.len() {
        running.serve_one();
    }
    bencher.bench_local(|| running.serve_one());
}

/// The same where everybody is full and 20 000 tickets wait: one arrives and waits, one is
/// resolved, and the freed agent gets and accepts the next.
#[divan::bench(args = AGENTS)]
fn resolve_with_a_backlog(bencher: Bencher, agents: usize) {
    let mut running = Running::new(agents);
    for _ in 0..5 * agents + 20_000 {
        running.arrive();
        running.accept();
    }
    bencher.bench_local(|| {
        running.arrive();
        running.resolve();
        running.accept();
        running.pass();
    });
}

/// For comparison: one choice of an agent by looking at all of them, and nothing else.
#[divan::bench(args = AGENTS)]
fn choose_by_plain_scan(bencher: Bencher, agents: usize) {
    let profiles: Vec<_> = (0..agents).map(|number| (agent(number), 0_u32)).collect();
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let intake = mail(number);
        let wanted = intake.language.as_ref().expect("a language");
        let fits = |profile: &AgentProfile| {
            let speaks = profile
                .languages
                .iter()
                .any(|(spoken, level)| spoken.serves(wanted) && *level >= Proficiency::B2);
            speaks
                && intake
                    .skills
                    .iter()
                    .all(|(skill, level)| profile.skills.get(skill) >= Some(level))
        };
        let fitting = profiles
            .iter()
            .filter(|(profile, used)| *used < profile.capacity && fits(profile));
        black_box(fitting.min_by_key(|(_, used)| *used).is_some())
    });
}
