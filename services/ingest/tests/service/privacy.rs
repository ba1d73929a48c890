//! Words and addresses stay in the documents.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tandem_bus::{Bus, BusError, Delivery, EventMessage, Headers, InProcessBus, Incoming};
use tandem_domain::Role;
use tandem_proto::v1;
use tandem_store::memory::{Fault, Operation};
use tandem_store::{DocumentStore, JournalStore, Stream};
use tracing::Level;

use crate::harness::{ACME, World, desk_file_with, eventually, key};
use crate::letter::Letter;

/// Stands wherever customers' words and addresses stand.
const CANARY: &str = "canary";

#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<Vec<u8>>>);

impl Recorded {
    fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).to_ascii_lowercase()
    }
}

impl io::Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records what is asked of the bus.
struct TappedBus {
    bus: Arc<InProcessBus>,
    recorded: Recorded,
}

#[async_trait]
impl Bus for TappedBus {
    async fn publish(&self, event: EventMessage) -> Result<(), BusError> {
        self.recorded.add(format!("{event:?}").as_bytes());
        self.bus.publish(event).await
    }

    async fn events(&self, consumer: &str, subject: &str) -> Result<BoxStream<'static, Delivery>, BusError> {
        self.bus.events(consumer, subject).await
    }

    async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, BusError> {
        self.recorded.add(format!("{subject} {headers:?}").as_bytes());
        self.recorded.add(&payload);
        self.bus.request(subject, headers, payload, timeout).await
    }

    async fn serve(&self, subject: &str) -> Result<BoxStream<'static, Incoming>, BusError> {
        self.bus.serve(subject).await
    }

    async fn hint(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        self.recorded.add(&payload);
        self.bus.hint(subject, payload).await
    }

    async fn hints(&self, subject: &str) -> Result<BoxStream<'static, (String, Bytes)>, BusError> {
        self.bus.hints(subject).await
    }

    fn is_connected(&self) -> bool {
        self.bus.is_connected()
    }
}

/// A mail full of the canary; its recipient too, as a token would be.
fn letter(id: &str) -> Letter {
    Letter::new(&format!("{CANARY}-{id}@customer.example"))
        .from(&format!("{CANARY}@customer.example"))
        .field(&format!("Subject: {CANARY}"))
        .field(&format!("X-Note: {CANARY}"))
        .says(CANARY)
}

#[tokio::test]
async fn neither_logs_nor_the_bus_nor_the_journal_hold_words_or_addresses() {
    let logs = Recorded::default();
    let writer = logs.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_writer(move || writer.clone());
    // For other threads' sake too; the other tests do not mind.
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let (world, router, first) = World::started().await;
    first.stop().await;
    let tapped = TappedBus {
        bus: world.bus.clone(),
        recorded: Recorded::default(),
    };
    let bus = tapped.recorded.clone();
    let service = world.ingest_on(Arc::new(tapped)).await;
    let rules =
        "rules:\n  - {name: undecidable, when: 1 / (message.size - message.size) == 1, then: {tags: [never]}}\n";
    world.apply(&router, ACME, &desk_file_with(ACME, "help", rules)).await;

    assert_eq!(service.takes(&letter("m1")).await, 250);
    assert_eq!(
        service.takes(&letter("m2").field("Auto-Submitted: auto-replied")).await,
        250
    );
    world.store.faults().next(Operation::Accept, Fault::Full);
    assert_eq!(service.takes(&letter("m3")).await, 451);
    assert_ne!(service.answers_for(&format!("{CANARY}@acme.example")).await, 250);
    let mut client = world.caller(&service, Role::Channel, "web").await;
    let submission = submission();
    client.submit(submission.clone()).await.unwrap();
    client
        .submit(v1::SubmitRequest {
            language: CANARY.repeat(9),
            ..submission
        })
        .await
        .unwrap_err();
    world.settled(&service, ACME).await;

    router.shutdown().await;
    assert_eq!(service.takes(&letter("m4")).await, 250);
    let mut waiting = Vec::new();
    eventually(async || {
        waiting = world.store.claim(1, Duration::ZERO).await.unwrap();
        !waiting.is_empty()
    })
    .await;
    let journal = world
        .store
        .read(&Stream::new("router", key(ACME)), 1, 1000)
        .await
        .unwrap();
    let held = [logs.text(), bus.text(), format!("{waiting:?}"), format!("{journal:?}")];
    for (place, expected) in ["mail not taken", "intake", "trace", "ticketopened"]
        .into_iter()
        .enumerate()
    {
        let text = held[place].to_ascii_lowercase();
        assert!(text.contains(expected), "the tap at place {place} works: {text}");
        assert!(!text.contains(CANARY), "place {place}: {:?}", around(&text));
    }
}

/// All words and addresses of it are the canary.
fn submission() -> v1::SubmitRequest {
    v1::SubmitRequest {
        desk: ACME.to_owned(),
        request_id: "one".to_owned(),
        account: "widget".to_owned(),
        from: Some(v1::Contact {
            address: CANARY.to_owned(),
            name: CANARY.to_owned(),
        }),
        subject: CANARY.to_owned(),
        text: CANARY.to_owned(),
        conversation_key: CANARY.to_owned(),
        ..Default::default()
    }
}

/// The canary's surroundings, for whoever has to find where it came from.
fn around(text: &str) -> Option<&str> {
    let at = text.find(CANARY)?;
    let (from, to) = (at.saturating_sub(300), (at + 50).min(text.len()));
    Some(&text[text.floor_char_boundary(from)..text.ceil_char_boundary(to)])
}
