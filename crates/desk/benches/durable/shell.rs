//! The whole shell with the router's core.

use std::time::Duration;

use futures::future::join_all;
use tandem_desk::{Desks, Submission};
use tandem_domain::routing::{Command, Reply};
use tandem_domain::{DeskId, RoutingState};
use tandem_routing::RoutingCore;
use tokio::time::Instant;

use crate::desk;

/// As many portions of as many messages as two replicas of ingest have under way to one desk.
const CALLERS: u64 = 8;
const PORTION: u64 = 256;

/// Tickets whose offers are committed, on `count` desks together.
pub(crate) async fn tickets_per_second(desks: &Desks<RoutingCore>, name: &str, count: usize, time: Duration) -> f64 {
    let names: Vec<DeskId> = (0..count)
        .map(|number| format!("{name}-{number}").parse().expect("a key"))
        .collect();
    for desk in &names {
        open(desks, desk).await;
    }
    let started = Instant::now();
    let callers = names
        .iter()
        .flat_map(|desk| (0..CALLERS).map(move |caller| (desk.clone(), caller)));
    let callers = callers.map(|(desk, caller)| tokio::spawn(call(desks.clone(), desk, caller, started, time)));
    let done = join_all(callers)
        .await
        .into_iter()
        .map(|done| done.expect("no caller panics"));
    let sum = u32::try_from(done.sum::<u64>()).expect("seconds are short");
    f64::from(sum) / started.elapsed().as_secs_f64()
}

async fn open(desks: &Desks<RoutingCore>, desk: &DeskId) {
    desks.create(desk).await.expect("the desk is owned");
    let commands = desk::opening().enumerate();
    let opening: Vec<_> = commands
        .map(|(number, command)| desk::submission(command, format!("opening {number}")))
        .collect();
    for outcome in desks.submit_all(desk, opening).await {
        outcome.expect("the desk works");
    }
}

async fn call(desks: Desks<RoutingCore>, desk: DeskId, caller: u64, started: Instant, time: Duration) -> u64 {
    let mut done = 0;
    while started.elapsed() < time {
        let first = caller * 1_000_000_000 + done;
        let portion: Vec<Submission<Command>> = (first..first + PORTION)
            .map(|number| desk::submission(desk::intake(number), format!("request {number}")))
            .collect();
        for outcome in desks.submit_all(&desk, portion).await {
            let reply = outcome.expect("the desk works");
            assert!(is_taken(&reply), "{reply:?}");
        }
        done += PORTION;
    }
    done
}

/// Ingest is told the ticket; that it is offered is what the desk is made for.
fn is_taken(reply: &Reply) -> bool {
    match reply {
        Reply::OnTicket { opened, .. } => *opened,
        Reply::Ticket(ticket) => ticket.state == RoutingState::Offered,
        _ => false,
    }
}
