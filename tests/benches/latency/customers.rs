//! Customers who write at a given rate, whether or not the one before was answered: an open loop, as customers are.

use std::time::Duration;

use tandem_proto::v1;
use tandem_tests::agent::request_id;
use tandem_tests::clients::Clients;
use tandem_tests::site::Site;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use crate::desk::{ACCOUNT, DESK};
use crate::figures::Note;

/// Customers are served in portions this often: timers are not finer.
const PULSE: Duration = Duration::from_millis(1);
/// Connections to each replica.
const CONNECTIONS: usize = 4;

/// How many tickets were sent for, after the warm-up, and since when.
pub(crate) struct Sent {
    pub(crate) count: usize,
    pub(crate) since: Instant,
}

pub(crate) async fn write(
    site: &Site,
    rate: u32,
    warm_up: Duration,
    measured: Duration,
    notes: &UnboundedSender<Note>,
) -> Sent {
    let doors: Vec<Clients> = (0..CONNECTIONS)
        .flat_map(|_| (0..site.ingests.len()).map(|replica| site.messages(replica)))
        .collect();
    let begun = Instant::now();
    let since = begun + warm_up;
    let mut writing = JoinSet::new();
    let mut pulse = tokio::time::interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut written, mut count) = (0_usize, 0);
    while begun.elapsed() < warm_up + measured {
        pulse.tick().await;
        let due = due(begun.elapsed(), rate);
        while written < due {
            count += usize::from(Instant::now() >= since);
            writing.spawn(submit(doors[written % doors.len()].clone(), notes.clone()));
            written += 1;
        }
        while writing.try_join_next().is_some() {}
    }
    while writing.join_next().await.is_some() {}
    Sent { count, since }
}

fn due(elapsed: Duration, rate: u32) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few thousand a second for seconds"
    )]
    let due = (elapsed.as_secs_f64() * f64::from(rate)) as usize;
    due
}

async fn submit(door: Clients, notes: UnboundedSender<Note>) {
    let request = v1::SubmitRequest {
        desk: DESK.to_owned(),
        request_id: request_id(),
        account: ACCOUNT.to_owned(),
        subject: "Where is my order?".to_owned(),
        text: "It was to be here on Tuesday.".to_owned(),
        language: "en".to_owned(),
        ..v1::SubmitRequest::default()
    };
    let sent = Instant::now();
    let note = match door.messages().submit(request).await {
        Ok(answer) => Note::Taken {
            conversation: answer.into_inner().conversation_id,
            sent,
            at: Instant::now(),
        },
        Err(_) => Note::Refused { sent },
    };
    // Whoever gathers has gone: the measurement is over.
    let _ = notes.send(note);
}
