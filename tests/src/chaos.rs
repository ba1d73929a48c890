//! Kills Tandem's processes under traffic, again and again, and then looks for what must never happen.
//!
//! What is killed when, what customers write and what agents do is drawn from one seed. The machine decides how
//! these meet, so a seed makes a run alike and not the same; what went wrong stands in the report.

mod agents;
mod arena;
mod check;
mod killer;
mod report;
mod senders;
mod talk;
mod tally;
mod visitors;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use arena::Mode;
pub use report::Report;

use crate::desks::{AGENTS, DESKS};
use agents::Worker;
use arena::Arena;
use senders::{Sender, Sent};
use tally::Tally;
use visitors::{Chat, Chatter};

const SENDERS: u64 = 6;
const VISITORS: u64 = 6;

/// How long senders may try to get rid of what they have when nothing is killed any more.
const SENDERS_LIMIT: Duration = Duration::from_secs(90);

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Against which way of running.
    pub mode: Mode,
    /// How many kills.
    pub kills: u64,
    /// Where all choices come from.
    pub seed: u64,
}

/// Does it. Nothing is returned, but "skipped" said, where a server is missing.
pub async fn run(plan: Plan) -> Option<Report> {
    let mut arena = Arena::start(plan.mode).await?;
    let tally = Arc::new(Tally::default());
    let (stop_sending, stop_working) = (CancellationToken::new(), CancellationToken::new());
    let senders = start_senders(plan.seed, &arena, &tally, &stop_sending);
    let visitors = start_visitors(plan.seed, &arena, &tally, &stop_sending);
    let workers = start_workers(plan.seed, &arena, &tally, &stop_working);

    killer::kill(&mut arena, &tally, plan.kills, &mut rng(plan.seed, "killer")).await;

    stop_sending.cancel();
    let sent = collect(senders, &tally).await;
    let chats = collect(visitors, &tally).await;
    check::drained(&mut arena, &tally).await;
    stop_working.cancel();
    workers.join_all().await;
    let mut report = Report::new(plan, &tally);
    report.found(&check::look(arena.site(), &sent, &tally).await);
    talk::look(arena.site(), &chats, &tally).await;
    report.audited(arena.stop_and_audit().await);
    report.judge(&tally);
    Some(report)
}

fn start_senders(seed: u64, arena: &Arena, tally: &Arc<Tally>, stop: &CancellationToken) -> JoinSet<Vec<Sent>> {
    let senders = (0..SENDERS).zip(DESKS.iter().cycle()).map(|(number, desk)| Sender {
        number,
        desk,
        servers: arena.site().smtp.clone(),
        tally: tally.clone(),
        stop: stop.clone(),
        rng: rng(seed, &format!("sender {number}")),
    });
    senders.map(Sender::run).collect()
}

fn start_visitors(seed: u64, arena: &Arena, tally: &Arc<Tally>, stop: &CancellationToken) -> JoinSet<Vec<Chat>> {
    let visitors = (0..VISITORS).zip(DESKS.iter().cycle()).map(|(number, desk)| Chatter {
        number,
        desk,
        servers: arena.site().chat.clone(),
        tally: tally.clone(),
        stop: stop.clone(),
        rng: rng(seed, &format!("visitor {number}")),
    });
    visitors.map(Chatter::run).collect()
}

fn start_workers(seed: u64, arena: &Arena, tally: &Arc<Tally>, stop: &CancellationToken) -> JoinSet<()> {
    let site = arena.site();
    let everybody = DESKS
        .iter()
        .flat_map(|desk| AGENTS.iter().map(move |agent| (*desk, *agent)));
    let workers = everybody.map(|(desk, agent)| Worker {
        desk,
        agent,
        clients: (0..site.routers.len())
            .map(|router| site.agent(router, desk, agent))
            .collect(),
        tally: tally.clone(),
        stop: stop.clone(),
        rng: rng(seed, &format!("{desk} {agent}")),
        said: HashSet::new(),
    });
    workers.map(Worker::run).collect()
}

async fn collect<T: 'static>(customers: JoinSet<Vec<T>>, tally: &Tally) -> Vec<T> {
    let all = timeout(SENDERS_LIMIT, customers.join_all()).await;
    let all = all.inspect_err(|_| tally.violation("customers could not get rid of what they had to say".to_owned()));
    all.unwrap_or_default().into_iter().flatten().collect()
}

/// A source of choices of its own for each who chooses.
fn rng(seed: u64, who: &str) -> StdRng {
    let own = who
        .bytes()
        .fold(seed, |mixed, byte| mixed.wrapping_mul(31).wrapping_add(byte.into()));
    StdRng::seed_from_u64(own)
}
