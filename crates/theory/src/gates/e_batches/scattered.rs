//! Tickets that ask for one of fifty skills and one of ten languages, and agents who have five skills and two languages
//! on average, some fewer, some more: about one pair in fifty fits.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};
use tandem_domain::desk::{AgentProfile, BatchPolicy, Choice, CompiledDesk};
use tandem_domain::routing::{Command, Intake, RoutingEvent};
use tandem_domain::{
    Actor, Cause, Context, Core, Event, LanguageTag, Presence, Priority, Proficiency, SkillId, SkillLevel, Timestamp,
    Trace,
};
use tandem_routing::RoutingCore;

use super::maximum;
use crate::desk::{self, Asks, key};

const SKILLS: usize = 50;
const LANGUAGES: [&str; 10] = ["en", "es", "fr", "de", "it", "pt", "nl", "pl", "cs", "da"];
/// How many skills and languages an agent has: between these, each number as often as the others.
const SKILLS_OF_AGENT: (usize, usize) = (1, 9);
const LANGUAGES_OF_AGENT: (usize, usize) = (1, 3);
/// For how long tickets are gathered where they are solved together.
const WINDOW: Duration = Duration::from_secs(1);

/// How many tickets were served.
pub(super) struct Outcome {
    pub(super) one_by_one: u64,
    pub(super) solved: u64,
    /// At the most.
    pub(super) possible: u64,
    /// How long the turn took that solved the batch.
    pub(super) took: Duration,
}

/// Agents and tickets, by the places of their skills and languages.
struct Instance {
    agents: Vec<(BTreeSet<usize>, BTreeSet<usize>)>,
    tickets: Vec<(usize, usize)>,
}

impl Instance {
    fn draw(seed: u64, size: usize) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut some = |of: usize, (least, most): (usize, usize)| {
            let count = random.random_range(least..=most);
            index::sample(&mut random, of, count).into_iter().collect()
        };
        let agents = (0..size).map(|_| (some(SKILLS, SKILLS_OF_AGENT), some(LANGUAGES.len(), LANGUAGES_OF_AGENT)));
        let agents = agents.collect();
        let tickets = (0..size).map(|_| (random.random_range(0..SKILLS), random.random_range(0..LANGUAGES.len())));
        let tickets = tickets.collect();
        Self { agents, tickets }
    }

    fn possible(&self) -> u64 {
        let fits = self.tickets.iter().map(|(skill, language)| {
            let agents = self.agents.iter().enumerate();
            let fitting =
                agents.filter(|(_, (skills, languages))| skills.contains(skill) && languages.contains(language));
            fitting.map(|(agent, _)| agent).collect()
        });
        maximum::matching(&fits.collect::<Vec<_>>(), self.agents.len())
    }

    fn desk(&self, matching: BatchPolicy) -> CompiledDesk {
        let agents = self
            .agents
            .iter()
            .enumerate()
            .map(|(number, (skills, languages))| AgentProfile {
                skills: skills
                    .iter()
                    .map(|skill| (skill_key(*skill), SkillLevel::BASIC))
                    .collect(),
                languages: languages
                    .iter()
                    .map(|language| (language_tag(*language), Proficiency::C1))
                    .collect(),
                ..desk::agent(number, &[], Asks::Skill)
            });
        CompiledDesk {
            skills: (0..SKILLS).map(skill_key).collect(),
            matching,
            ..desk::desk(agents.collect(), 1, Asks::Skill, Choice::LeastOverSkilled)
        }
    }

    fn call(&self, number: usize) -> Intake {
        let (skill, language) = self.tickets[number];
        let call = Intake {
            skills: [(skill_key(skill), SkillLevel::BASIC)].into(),
            language: Some(language_tag(language)),
            ..desk::call(0, Asks::Skill, Priority::Normal)
        };
        desk::numbered(&call, u64::try_from(number).expect("a thousand"))
    }
}

fn skill_key(number: usize) -> SkillId {
    key(&format!("s{number}"))
}

fn language_tag(number: usize) -> LanguageTag {
    key(LANGUAGES[number])
}

pub(super) fn run(seed: u64, size: usize) -> Outcome {
    let instance = Instance::draw(seed, size);
    let one_by_one = BatchPolicy {
        window: Duration::ZERO,
        head: 0,
    };
    let solved = BatchPolicy {
        window: WINDOW,
        head: u32::try_from(size).expect("a thousand"),
    };
    let (solved, took) = serve(&instance, solved);
    Outcome {
        one_by_one: serve(&instance, one_by_one).0,
        solved,
        possible: instance.possible(),
        took,
    }
}

/// Lets the core meet the agents and then the tickets, and then the end of the window: how many got an agent, and how
/// long the last turn took.
fn serve(instance: &Instance, matching: BatchPolicy) -> (u64, Duration) {
    let mut context = Context {
        now: Timestamp::EPOCH,
        actor: Actor::service("theory"),
        cause: Cause::Timer,
        trace: Trace::default(),
    };
    let mut core = RoutingCore::new(&desk::desk_id());
    let mut events = Vec::new();
    let mut run = |command| {
        core.handle(command, &context, &mut events)
            .expect("a command that fits the desk")
    };
    run(Command::Activate(Box::new(instance.desk(matching))));
    for agent in (0..instance.agents.len()).map(desk::agent_id) {
        let presence = Presence::Online;
        run(Command::SetPresence { agent, presence });
    }
    for number in 0..instance.tickets.len() {
        run(Command::Intake(instance.call(number).into()));
    }
    context.now = context.now.plus(WINDOW);
    #[expect(
        clippy::disallowed_methods,
        reason = "the time that this turn takes is what is asked for"
    )]
    let begun = Instant::now();
    core.tick(&context, &mut events);
    (offers(&events), begun.elapsed())
}

fn offers(events: &[Event<RoutingEvent>]) -> u64 {
    let offers = events
        .iter()
        .filter(|event| matches!(event.body, RoutingEvent::OfferIssued { .. }));
    u64::try_from(offers.count()).expect("a thousand")
}
