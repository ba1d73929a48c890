//! What a ticket's way is made of, each part by itself on an idle machine: commits and hops. Beside their sum stands what
//! a single ticket takes on an idle desk.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tandem_bus::{Bus, Headers};
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};
use tandem_proto::v1;
use tandem_store::{
    Append, Commit, NewDocument, NewRecord, RequestKey, RequestRecord, Row, Store, Stream, WithoutConversation,
};
use tandem_tests::site::Site;
use tokio::time::Instant;

use crate::figures::{Figures, millis};

/// How often each part is measured; the median counts.
const TIMES: usize = 200;
const SUBJECT: &str = "tandem.bench.parts";
/// About what a customer's short message takes, parsed and raw.
const DOCUMENT: usize = 400;
/// About what a command, an event or a row takes.
const PIECE: usize = 300;

/// The parts' medians.
pub(crate) struct Parts {
    call: Duration,
    intake: Duration,
    request: Duration,
    look_up: Duration,
    turn: Duration,
    hint: Duration,
}

/// Measures on a store and a bus of the same kind as the site's, on the same machine, while nothing else happens there.
pub(crate) async fn measure(site: &Site, store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Parts {
    let desk: DeskId = "parts".parse().expect("a key");
    Parts {
        call: call(site).await,
        intake: median(async |number| drop(store.accept(vec![document(&desk, number)]).await.expect("it works"))).await,
        request: request(bus.as_ref()).await,
        look_up: median(async |number| drop(store.requests(&[key(&desk, number)]).await.expect("it works"))).await,
        turn: median(async |number| store.commit(turn(&desk, number)).await.expect("it works")).await,
        hint: hint(bus.as_ref()).await,
    }
}

impl Parts {
    /// Beside what a ticket took from the customer's call to the offer, and from the answer to that call.
    pub(crate) fn print(&self, name: &str, idle: &Figures) {
        let Self {
            call,
            intake,
            request,
            look_up,
            turn,
            hint,
        } = *self;
        let from_commit = request / 2 + look_up + turn + hint;
        // Half a call brings the message to ingest, and half a call the offer to the agent.
        let from_call = call + intake + from_commit;
        println!(
            "{name:<9} parts, p50 ms: gRPC call {:.2}, intake's commit {:.2}, request there and back {:.2}, look-up {:.2}, \
             turn's commit {:.2}, hint {:.2}",
            millis(call),
            millis(intake),
            millis(request),
            millis(look_up),
            millis(turn),
            millis(hint),
        );
        for (what, parts, whole) in [
            ("from commit to offer", from_commit, idle.since_commit(50.0)),
            ("from call to offer", from_call, idle.since_call(50.0)),
        ] {
            println!(
                "{name:<9} {what}: {:.2} ms, its parts {:.2} ms, ratio {:.2}",
                millis(whole),
                millis(parts),
                whole.as_secs_f64() / parts.as_secs_f64(),
            );
        }
    }
}

async fn median(mut part: impl AsyncFnMut(u64)) -> Duration {
    let mut times = Vec::with_capacity(TIMES);
    for number in 0..TIMES {
        let begun = Instant::now();
        part(number as u64).await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[TIMES / 2]
}

/// A call that is refused before anything is looked at.
async fn call(site: &Site) -> Duration {
    let mut messages = site.messages(0).messages();
    let empty = v1::SubmitRequest {
        desk: crate::desk::DESK.to_owned(),
        ..v1::SubmitRequest::default()
    };
    median(async |_| drop(messages.submit(empty.clone()).await)).await
}

async fn request(bus: &dyn Bus) -> Duration {
    let mut served = bus.serve(SUBJECT).await.expect("the bus works");
    let answering = tokio::spawn(async move {
        while let Some(incoming) = served.next().await {
            let answer = incoming.payload.clone();
            incoming.reply(answer);
        }
    });
    let limit = Duration::from_secs(5);
    let ask = async |_| {
        let answer = bus.request(SUBJECT, Headers::new(), piece(PIECE), limit).await;
        drop(answer.expect("the bus works"));
    };
    let time = median(ask).await;
    answering.abort();
    time
}

async fn hint(bus: &dyn Bus) -> Duration {
    let mut hints = bus.hints(SUBJECT).await.expect("the bus works");
    median(async |_| {
        bus.hint(SUBJECT, piece(PIECE)).await.expect("the bus works");
        hints.next().await.expect("it is there");
    })
    .await
}

fn document(desk: &DeskId, number: u64) -> NewDocument {
    let id = MessageId(uuid(number));
    NewDocument {
        desk: desk.clone(),
        id,
        dedupe_key: Bytes::copy_from_slice(id.0.as_bytes()),
        find_by: Vec::new(),
        known_as: vec![Bytes::copy_from_slice(id.0.as_bytes())],
        otherwise: WithoutConversation::Start(ConversationId(id.0)),
        body: piece(DOCUMENT),
        raw: piece(DOCUMENT),
        outbox: piece(PIECE),
        received_at: Timestamp::EPOCH,
        trace: String::new(),
        claimed_for: Duration::from_secs(8),
    }
}

/// A ticket is opened and offered: two events, its row and those by which it is found, and the request's answer.
fn turn(desk: &DeskId, number: u64) -> Commit {
    let record = |kind: &str| NewRecord {
        kind: kind.to_owned(),
        at: Timestamp::EPOCH,
        payload: piece(PIECE),
    };
    let row = |table: &str| Row {
        desk: desk.clone(),
        table: table.to_owned(),
        key: format!("{number:020}"),
        value: Some(piece(PIECE)),
    };
    Commit {
        append: Some(Append {
            stream: Stream::new("parts", desk.clone()),
            first_seq: number * 2 + 1,
            incarnation: 1,
            records: vec![record("TicketOpened"), record("OfferIssued")],
        }),
        rows: ["ticket", "agent"].map(row).into(),
        requests: vec![RequestRecord {
            key: key(desk, number),
            hash: [7; 32],
            reply: piece(50),
            expires_at: None,
        }],
        ..Commit::default()
    }
}

fn key(desk: &DeskId, number: u64) -> RequestKey {
    RequestKey {
        desk: desk.clone(),
        caller: "service:ingest".to_owned(),
        method: "Intake".to_owned(),
        id: uuid(number).to_string(),
    }
}

fn uuid(number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(number) + 1)
}

fn piece(bytes: usize) -> Bytes {
    vec![b'x'; bytes].into()
}
