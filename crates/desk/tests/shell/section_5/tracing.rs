//! One trace from a caller's request to the commit and to the event on the bus.

use std::sync::Mutex;

use tandem_domain::Trace;
use tracing::Span;
use tracing_subscriber::util::SubscriberInitExt;

use crate::support::ledger::{Command, STORY};
use crate::support::{World, acme, write};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Spans, and the traces that they were made part of or named.
type Noted = Mutex<Vec<(String, String)>>;

static LINKED: Noted = Mutex::new(Vec::new());
static CALLERS: Noted = Mutex::new(Vec::new());
static PARENTS: Noted = Mutex::new(Vec::new());

fn note(noted: &Noted, span: &Span, trace: &Trace) {
    let name = span.metadata().map_or("disabled", |metadata| metadata.name());
    noted.lock().unwrap().push((name.to_owned(), trace.0.to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_command_that_belongs_to_a_trace_is_part_of_that_and_names_its_caller() {
    let _guard = tracing_subscriber::registry().set_default();
    let mut world = World::new();
    world.settings.link_span = |span, trace| note(&PARENTS, span, trace);
    world.settings.name_caller = |span, trace| note(&CALLERS, span, trace);
    let desks = world.owner().await;
    let mut submission = write("1", Command::Mark(1));
    submission.trace = Trace(TRACE.into());
    desks.submit(&acme(), submission).await.unwrap();
    let of = |name: &str, trace: &str| (name.to_owned(), trace.to_owned());
    let story = &*STORY.0;
    assert_eq!(
        *PARENTS.lock().unwrap(),
        [of("desk.handle", story), of("desk.commit", story)]
    );
    assert_eq!(*CALLERS.lock().unwrap(), [of("desk.handle", TRACE)]);
    let event = world.journal(&acme()).await.pop().unwrap();
    let payload = String::from_utf8(event.payload.to_vec()).unwrap();
    assert!(payload.contains(story), "and so is what follows from it");
}

#[tokio::test(start_paused = true)]
async fn handling_and_commit_belong_to_the_commands_trace() {
    let _guard = tracing_subscriber::registry().set_default();
    let mut world = World::new();
    world.settings.link_span = |span, trace| note(&LINKED, span, trace);
    let desks = world.owner().await;
    let mut submission = write("1", Command::Add(1));
    submission.trace = Trace(TRACE.into());
    desks.submit(&acme(), submission).await.unwrap();
    let linked = LINKED.lock().unwrap().clone();
    let of = |name: &str| (name.to_owned(), TRACE.to_owned());
    assert_eq!(linked, [of("desk.handle"), of("desk.commit")]);
    let event = world.journal(&acme()).await.pop().unwrap();
    let payload = String::from_utf8(event.payload.to_vec()).unwrap();
    assert!(payload.contains(TRACE), "and whoever reads the event goes on with it");
}
