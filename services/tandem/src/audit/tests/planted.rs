//! Each kind of fault is planted, and found as what it is.

use std::time::Duration;

use bytes::Bytes;
use tandem_domain::desk::Choice;
use tandem_domain::explain::{Rank, Ranking};
use tandem_domain::routing::{Intake, RoutingEvent, StepPlace, TicketView};
use tandem_domain::{OfferId, Presence, Requirement, RoutingState, TicketId, TicketStatus, Timestamp};
use tandem_routing::rows::{TICKET, TICKET_BY_QUEUE, TICKET_BY_STATE, number};
use tandem_store::{Commit, ConversationStore, JournalStore, NewRecord, Position, PositionUpdate, Row, Snapshot};

use super::forge::Forgery;
use super::story::{Story, acme, desk_file, invoice, keep_answer, key, mail, stream};
use super::{find, kinds};
use crate::audit::finding::{Findings, Kind};
use crate::audit::journal::Reader;

/// Of the story: see there.
const DECLINED_BY_ANA: TicketId = TicketId(1);
const OWNED_BY_ANA: TicketId = TicketId(2);
const OFFERED_TO_ANA: TicketId = TicketId(3);
const WAITS_FOR_BEN: TicketId = TicketId(4);
const WAITS_FOR_CY: TicketId = TicketId(6);
const CANCELLED: TicketId = TicketId(8);
const NEW: TicketId = TicketId(9);
const NEXT_OFFER: OfferId = OfferId(6);
const A_MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn desks_on_which_all_is_well_have_no_findings() {
    let story = Story::told().await;
    assert_eq!(find(&story.store).await.expect("readable"), []);
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_fault_is_found_as_what_it_is_and_nothing_else_is() {
    for kind in Kind::ALL {
        let story = Story::told().await;
        let found = match plant(&story, *kind).await {
            Planted::InTheStore => kinds(&story.store).await,
            Planted::BetweenRecords(found) => found,
        };
        assert_eq!(found, [*kind]);
    }
}

enum Planted {
    InTheStore,
    /// No store takes a journal with a gap; this is what was found in its records.
    BetweenRecords(Vec<Kind>),
}

/// A new kind of fault does not compile without a planting.
async fn plant(story: &Story, kind: Kind) -> Planted {
    match kind {
        Kind::JournalGap => return Planted::BetweenRecords(without_one_record(story).await),
        Kind::NotOpened => {
            let stranger = story.last().await.incarnation ^ 1;
            story.forge(Forgery::of(ben_is_away()).by(stranger)).await;
        }
        Kind::Unreadable => future_kind(story).await,
        Kind::TimeBackwards => {
            let before = story.last().await.at.minus(A_MINUTE);
            story.forge(Forgery::of(ben_is_away()).at(before)).await;
        }
        Kind::IllegalStep => {
            let ticket = WAITS_FOR_BEN;
            story
                .forge(Forgery::of(RoutingEvent::TicketHeld { ticket }).without_rows())
                .await;
        }
        Kind::FalseRequirement => open(story, &invoice(20), &requirement(&mail(20))).await,
        Kind::MessageTwice => {
            let message = mail(1).message;
            story.forge(Forgery::of(joins(&Intake { message, ..mail(20) }))).await;
        }
        Kind::ForeignAnswer => {
            story.forge(Forgery::of(answered(OWNED_BY_ANA, "dan", 700))).await;
        }
        Kind::ConversationTwice => {
            let conversation = invoice(4).conversation;
            let second = Intake {
                conversation,
                ..invoice(20)
            };
            open(story, &second, &requirement(&second)).await;
        }
        Kind::TwoOwners => offer(story, OWNED_BY_ANA, "dan", true).await,
        Kind::FalseAnswer => {
            let (ticket, offer, agent) = (OFFERED_TO_ANA, OfferId(3), key("dan"));
            story
                .forge(Forgery::of(RoutingEvent::OfferAccepted { offer, ticket, agent }))
                .await;
        }
        Kind::OverCapacity => offer(story, WAITS_FOR_CY, "cy", false).await,
        Kind::NotEligible => offer(story, WAITS_FOR_BEN, "dan", false).await,
        Kind::NotPassedOver => offer(story, DECLINED_BY_ANA, "ana", false).await,
        Kind::NotOnline => offer(story, WAITS_FOR_BEN, "ben", false).await,
        Kind::IdleBesideWork => open(story, &mail(20), &requirement(&mail(20))).await,
        Kind::RowMissing => put(story, TICKET, &number(CANCELLED.0), None).await,
        Kind::RowExtra => put(story, TICKET_BY_QUEUE, "general/00000000000000000099", Some("")).await,
        Kind::RowDiffers => owned_by_ben(story).await,
        Kind::SnapshotDiffers => early_snapshot_as_the_last(story).await,
        Kind::MessageLost => story.keep(&mail(20), Some(99)).await,
        Kind::MessageInvented => forge_opening(story, &invoice(20), &requirement(&invoice(20))).await,
        Kind::TicketMismatch => {
            story.keep(&mail(20), Some(1)).await;
            story.forge(Forgery::of(joins(&mail(20)))).await;
        }
        Kind::RungTwice | Kind::RungFalse | Kind::RungMissed => {
            return Planted::BetweenRecords(super::rungs::planted(kind));
        }
        Kind::PositionAstray => ingest_is_ahead(story).await,
        Kind::MeasureDiffers => {
            put(
                story,
                "measures_hour",
                "00001767603600000000/general/email/de/-",
                Some("{}"),
            )
            .await;
        }
    }
    Planted::InTheStore
}

fn answered(ticket: TicketId, author: &str, number: u128) -> RoutingEvent {
    RoutingEvent::AnswerAdded {
        ticket,
        message: mail(number).message,
        author: Some(key(author)),
        visible: true,
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_ingest_has_read_of_must_be_stored() {
    let story = Story::told().await;
    story.forge(Forgery::of(answered(OWNED_BY_ANA, "ana", 700))).await;
    assert_eq!(kinds(&story.store).await, [], "ingest has not read of it yet");
    let last = story.last().await;
    stand(&story, "ingest-answers", last.seq).await;
    assert_eq!(kinds(&story.store).await, [Kind::MessageInvented]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_no_journal_names_is_not_listed() {
    let story = Story::told().await;
    let message = mail(700).message;
    keep_answer(&story.store, &acme(), OWNED_BY_ANA, (message, mail(2).conversation)).await;
    assert_eq!(kinds(&story.store).await, [], "a draft is nobody's business");
    story
        .store
        .release_answers(&acme(), &[message])
        .await
        .expect("released");
    assert_eq!(kinds(&story.store).await, [Kind::MessageLost]);
}

/// Of ana's ticket, which has two messages, the second is split off.
fn second_message_apart() -> RoutingEvent {
    let intake = Intake {
        conversation: mail(20).conversation,
        ..mail(7)
    };
    RoutingEvent::TicketSplit {
        ticket: NEW,
        from: OWNED_BY_ANA,
        messages: vec![intake.message],
        requirement: requirement(&intake).into(),
        intake: Box::new(intake),
        place: StepPlace::default(),
        still_waiting_since: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_split_off_must_be_stored_where_it_is_now() {
    let (desk, moved) = (acme(), [mail(7).message]);
    let story = Story::told().await;
    story.forge(Forgery::of(second_message_apart())).await;
    offer(&story, NEW, "ana", false).await;
    assert_eq!(kinds(&story.store).await, [], "ingest has not read of it yet");
    let last = story.last().await;
    stand(&story, "ingest-answers", last.seq).await;
    assert_eq!(kinds(&story.store).await, [Kind::TicketMismatch]);
    for (conversation, expected) in [(2, &[Kind::TicketMismatch][..]), (20, &[])] {
        let conversation = (mail(conversation).conversation, Vec::new());
        let split = story.store.split_documents(&desk, &moved, NEW.0, conversation).await;
        split.expect("moved");
        assert_eq!(kinds(&story.store).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_merged_ticket_must_be_stored_on_the_one_that_goes_on() {
    let story = Story::told().await;
    let merged = RoutingEvent::TicketMerged {
        ticket: WAITS_FOR_BEN,
        into: OWNED_BY_ANA,
        messages: vec![mail(4).message],
    };
    story.forge(Forgery::of(merged)).await;
    assert_eq!(kinds(&story.store).await, [], "ingest has not read of it yet");
    let last = story.last().await;
    stand(&story, "ingest-answers", last.seq).await;
    assert_eq!(kinds(&story.store).await, [Kind::TicketMismatch]);
    let (desk, from, into) = (acme(), WAITS_FOR_BEN.0, OWNED_BY_ANA.0);
    story
        .store
        .merge_documents(&desk, &[], from, into)
        .await
        .expect("moved");
    assert_eq!(kinds(&story.store).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_merged_ticket_is_nobodys() {
    let story = Story::told().await;
    let merged = RoutingEvent::TicketMerged {
        ticket: WAITS_FOR_BEN,
        into: OWNED_BY_ANA,
        messages: vec![mail(4).message],
    };
    story.forge(Forgery::of(merged)).await;
    let view = TicketView {
        state: RoutingState::Assigned,
        owner: Some(key("ben")),
        ..row_of(&story, WAITS_FOR_BEN).await
    };
    put_ticket(&story, &view).await;
    assert_eq!(kinds(&story.store).await, [Kind::RowDiffers]);
}

async fn without_one_record(story: &Story) -> Vec<Kind> {
    let (mut reader, mut findings) = (Reader::new(&stream()), Findings::new(acme()));
    let records = story.journal().await;
    for record in records.iter().filter(|record| record.seq != 4) {
        reader.read(record, &mut findings);
    }
    assert!(!reader.finish().whole);
    findings.list.iter().map(|finding| finding.kind).collect()
}

fn ben_is_away() -> RoutingEvent {
    let (agent, presence) = (key("ben"), Presence::Away);
    RoutingEvent::PresenceChanged { agent, presence }
}

async fn future_kind(story: &Story) {
    let last = story.last().await;
    let record = NewRecord {
        kind: "TicketDreamtOf".to_owned(),
        at: last.at,
        payload: Bytes::new(),
    };
    story.append(record, last.incarnation, Vec::new()).await;
}

/// What the desk file makes of an intake.
fn requirement(intake: &Intake) -> Requirement {
    let desk = desk_file("acme");
    Requirement {
        language: intake.language.clone().map(|language| (language, desk.min_proficiency)),
        skills: intake.skills.clone(),
        ..Requirement::new(intake.queue.clone(), intake.channel)
    }
}

/// Opens a ticket that the router would have dealt with otherwise.
async fn open(story: &Story, intake: &Intake, requirement: &Requirement) {
    story.keep(intake, Some(NEW.0)).await;
    forge_opening(story, intake, requirement).await;
}

async fn forge_opening(story: &Story, intake: &Intake, requirement: &Requirement) {
    let opened = RoutingEvent::TicketOpened {
        ticket: NEW,
        intake: Box::new(intake.clone()),
        requirement: requirement.clone().into(),
        place: StepPlace::default(),
    };
    story.forge(Forgery::of(opened)).await;
}

/// A message joins ana's ticket.
fn joins(intake: &Intake) -> RoutingEvent {
    RoutingEvent::MessageAdded {
        ticket: OWNED_BY_ANA,
        message: intake.message,
        automatic: false,
        received_at: intake.received_at,
    }
}

async fn offer(story: &Story, ticket: TicketId, agent: &str, direct: bool) {
    let winner = Rank {
        agent: key(agent),
        used: 0,
        capacity: 1,
        idle_since: Timestamp::EPOCH,
        score: 0,
        order: 0,
    };
    let ranking = Ranking {
        considered: 4,
        fit: 1,
        free: 1,
        winner,
        runners_up: Vec::new(),
        direct,
        step: 0,
        choice: Choice::default(),
        deciding: None,
    };
    let issued = RoutingEvent::OfferIssued {
        offer: NEXT_OFFER,
        ticket,
        agent: key(agent),
        expires_at: story.last().await.at.plus(A_MINUTE),
        ranking: ranking.into(),
    };
    story.forge(Forgery::of(issued)).await;
}

async fn put(story: &Story, table: &str, key: &str, value: Option<&str>) {
    let row = Row {
        desk: acme(),
        table: table.to_owned(),
        key: key.to_owned(),
        value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
    };
    let commit = Commit {
        rows: vec![row],
        ..Commit::default()
    };
    story.store.commit(commit).await.expect("committed");
}

async fn owned_by_ben(story: &Story) {
    let view = TicketView {
        owner: Some(key("ben")),
        ..row_of(story, CANCELLED).await
    };
    put_ticket(story, &view).await;
}

async fn row_of(story: &Story, ticket: TicketId) -> TicketView {
    let row = story
        .store
        .row(&acme(), TICKET, &number(ticket.0))
        .await
        .expect("readable");
    serde_json::from_slice(&row.expect("the ticket's row")).expect("a ticket")
}

async fn put_ticket(story: &Story, view: &TicketView) {
    let text = serde_json::to_string(view).expect("JSON");
    put(story, TICKET, &number(view.id.0), Some(&text)).await;
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_version_wrote_of_open_tickets_is_no_fault() {
    let story = Story::told().await;
    let waits = TicketView {
        id: WAITS_FOR_BEN,
        state: RoutingState::Queued,
        status: TicketStatus::Open,
        ..row_of(&story, CANCELLED).await
    };
    put_ticket(&story, &waits).await;
    for ticket in [WAITS_FOR_BEN, CANCELLED] {
        put(
            &story,
            TICKET_BY_STATE,
            &format!("queued/{}", number(ticket.0)),
            Some(""),
        )
        .await;
    }
    assert_eq!(kinds(&story.store).await, []);
}

#[tokio::test(start_paused = true)]
async fn an_open_ticket_that_its_row_calls_ended_is_a_fault() {
    let story = Story::told().await;
    let ended = TicketView {
        id: WAITS_FOR_BEN,
        ..row_of(&story, CANCELLED).await
    };
    put_ticket(&story, &ended).await;
    assert_eq!(kinds(&story.store).await, [Kind::RowExtra]);
}

async fn early_snapshot_as_the_last(story: &Story) {
    let latest = story.store.snapshot(&stream()).await.expect("readable").expect("one");
    assert!(story.early.seq < latest.seq);
    let false_one = Snapshot {
        bytes: story.early.bytes.clone(),
        ..latest
    };
    story.store.save_snapshot(&stream(), false_one).await.expect("saved");
}

async fn ingest_is_ahead(story: &Story) {
    let last = story.last().await;
    stand(story, "ingest", last.seq + 1).await;
}

/// A consumer says that it has read so far.
async fn stand(story: &Story, consumer: &str, seq: u64) {
    let update = PositionUpdate {
        consumer: consumer.to_owned(),
        stream: stream(),
        from: None,
        to: Position {
            seq,
            incarnation: story.last().await.incarnation,
        },
    };
    let commit = Commit {
        positions: vec![update],
        ..Commit::default()
    };
    story.store.commit(commit).await.expect("committed");
}
