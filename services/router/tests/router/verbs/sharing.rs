//! Merging and splitting.

use tandem_desk::{Recorded, decode_record};
use tandem_domain::routing::{Intake, RoutingEvent};
use tandem_domain::{Clock, IdSource, MessageId, TicketId};
use tandem_proto::v1;
use tandem_routing::RoutingCore;
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_store::Stream;
use tonic::Code;
use v1::RoutingState;

use super::{Scene, merge, resolve, split};
use crate::harness::{ACME, fields, key};

impl Scene {
    /// What opened a ticket.
    async fn opening(&self, ticket: u64) -> Intake {
        let stream = Stream::new("router", key(ACME));
        let records = self.world.store.read(&stream, 1, 1000).await.expect("a journal");
        let events = records
            .iter()
            .filter_map(|record| match decode_record::<RoutingCore>(record) {
                Ok(Recorded::Core(event)) => Some(event.body),
                _ => None,
            });
        let opened = events.filter_map(|event| match event {
            RoutingEvent::TicketOpened { ticket, intake, .. } => Some((ticket, *intake)),
            _ => None,
        });
        let mut of_ticket = opened.filter(|(opened, _)| *opened == TicketId(ticket));
        of_ticket.next().expect("it was opened").1
    }

    /// The customer of a ticket writes once more; the message, and where it went.
    async fn writes_again(&self, opening: &Intake) -> (String, u64) {
        let now = SystemClock.now();
        let message = MessageId(SystemIds.next(now));
        let intake = Intake {
            message,
            received_at: now,
            ..opening.clone()
        };
        let (ticket, opened) = self.replica.take_in(ACME, intake).await;
        assert!(!opened, "the message joined no ticket");
        (message.to_string(), ticket)
    }
}

#[tokio::test]
async fn a_merged_ticket_goes_on_in_the_other_one() {
    let scene = Scene::new().await;
    let other = scene.replica.open_ticket(ACME, None).await;
    let opening = scene.opening(other).await;
    let offer = scene.boss.ticket(other).await.offer.expect("an offer");
    let before = scene.now().await;
    let goes_on = merge(&scene.ana, "1", other, scene.ticket).await.unwrap();
    assert_eq!((goes_on.ticket_id, goes_on.message_count), (scene.ticket, 2));
    assert!(
        goes_on.version > before.version,
        "whoever saw it before saw another one"
    );
    assert_eq!(merge(&scene.ana, "1", other, scene.ticket).await.unwrap(), goes_on);
    let merged = scene.boss.ticket(other).await;
    assert_eq!(
        (merged.state(), merged.merged_into),
        (RoutingState::Merged, scene.ticket)
    );
    assert_eq!(scene.writes_again(&opening).await.1, scene.ticket);

    let now = scene.now().await;
    let late = scene.ben.accept("ben", offer.offer_id, "late").await;
    let late = match late {
        Err(status) if status.code() == Code::PermissionDenied => scene.ana.accept("ana", offer.offer_id, "late").await,
        late => late,
    };
    scene.is_refused(late, &now, Code::FailedPrecondition, "offer_id").await;
    let gone = resolve(&scene.boss, "r", other).await.unwrap_err();
    assert_eq!(
        (gone.code(), fields(&gone)),
        (Code::FailedPrecondition, vec!["ticket_id".to_owned()])
    );
    assert!(gone.message().contains(&scene.ticket.to_string()), "{gone:?}");
    let twice = merge(&scene.boss, "2", other, scene.ticket).await;
    scene
        .is_refused(twice, &now, Code::FailedPrecondition, "ticket_id")
        .await;
}

#[tokio::test]
async fn tickets_that_cannot_be_merged_stay_as_they_are() {
    let scene = Scene::new().await;
    let waiting = scene.replica.open_ticket(ACME, Some("billing")).await;
    let before = scene.now().await;
    let (ana, own) = (&scene.ana, scene.ticket);
    let itself = merge(ana, "r", own, own).await;
    scene.is_refused(itself, &before, Code::InvalidArgument, "into").await;
    let nothing = merge(ana, "r", own, 0).await;
    scene.is_refused(nothing, &before, Code::InvalidArgument, "into").await;
    let nowhere = merge(ana, "r", own, 99).await;
    scene.is_refused(nowhere, &before, Code::NotFound, "into").await;
    let unknown = merge(ana, "r", 99, own).await;
    scene.is_refused(unknown, &before, Code::NotFound, "ticket_id").await;
    let foreign = merge(&scene.ben, "r", waiting, own).await;
    scene.is_refused(foreign, &before, Code::PermissionDenied, "into").await;
    let not_hers = merge(ana, "r", own, waiting).await;
    scene
        .is_refused(not_hers, &before, Code::PermissionDenied, "into")
        .await;
    resolve(ana, "done", own).await.unwrap();
    let served = scene.now().await;
    let over = merge(&scene.boss, "r", waiting, own).await;
    scene.is_refused(over, &served, Code::FailedPrecondition, "into").await;
}

#[tokio::test]
async fn some_of_a_tickets_messages_become_another_ticket() {
    let scene = Scene::new().await;
    let opening = scene.opening(scene.ticket).await;
    let (second, _) = scene.writes_again(&opening).await;
    let before = scene.now().await;
    let new = split(&scene.ana, "1", scene.ticket, vec![second.clone()])
        .await
        .unwrap();
    assert_eq!((new.ticket_id, new.message_count), (scene.ticket + 1, 1));
    assert_ne!(new.conversation_id, before.conversation_id);
    let again = split(&scene.ana, "1", scene.ticket, vec![second.clone()])
        .await
        .unwrap();
    assert_eq!(again, new, "the same request makes one ticket");
    let old = scene.now().await;
    assert_eq!((old.owner.as_str(), old.message_count), ("ana", 1));
    assert!(old.version > before.version);
    assert_eq!(
        scene.writes_again(&opening).await.1,
        scene.ticket,
        "its own conversation stays"
    );
    let back = merge(&scene.boss, "back", new.ticket_id, scene.ticket).await.unwrap();
    assert_eq!(back.message_count, 3);
}

#[tokio::test]
async fn what_cannot_be_split_stays_together() {
    let scene = Scene::new().await;
    let opening = scene.opening(scene.ticket).await;
    let first = opening.message.to_string();
    let (second, _) = scene.writes_again(&opening).await;
    let before = scene.now().await;
    let (ana, id) = (&scene.ana, scene.ticket);
    for (messages, code) in [
        (vec![], Code::FailedPrecondition),
        (vec![first.clone(), second.clone()], Code::FailedPrecondition),
        (vec!["first".to_owned()], Code::InvalidArgument),
        (
            vec![MessageId(SystemIds.next(SystemClock.now())).to_string()],
            Code::NotFound,
        ),
        (vec![second.clone(); 501], Code::InvalidArgument),
    ] {
        let refused = split(ana, "r", id, messages).await;
        scene.is_refused(refused, &before, code, "message_ids").await;
    }
    let stranger = split(&scene.ben, "r", id, vec![second.clone()]).await;
    scene
        .is_refused(stranger, &before, Code::PermissionDenied, "ticket_id")
        .await;
    let unknown = split(ana, "r", 99, vec![second]).await;
    scene.is_refused(unknown, &before, Code::NotFound, "ticket_id").await;
}
