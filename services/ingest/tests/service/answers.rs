//! Answers: kept, named by the journal, brought to customers, reported.

mod by_callback;
mod by_mail;
mod kept;

use tandem_desk::{Desks, Submission};
use tandem_domain::routing::{AfterAnswer, Command, Reply, RoutingEvent};
use tandem_domain::{Actor, MessageId, Role, TicketId, Trace};
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_routing::RoutingCore;
use tandem_service_kit::grpc::Client;
use tonic::Status;

use crate::harness::{ACME, Service, World, desk_file, eventually, key, request};

/// A desk, its router, and an ingest with these settings.
pub(crate) async fn started(own: &[(&str, &str)]) -> (World, Desks<RoutingCore>, Service) {
    let world = World::new();
    let router = world.router();
    world.apply(&router, ACME, &desk_file(ACME)).await;
    let service = world.ingest_of(world.bus.clone(), world.config_with(own)).await;
    service.knows(&["help@acme.example"]).await;
    (world, router, service)
}

/// Stores answers as the router does.
struct Keeper(IngestServiceClient<Client>);

impl Keeper {
    async fn new(world: &World, service: &Service) -> Self {
        Self(world.caller(service, Role::Service, "router").await)
    }

    async fn keep(&self, request: v1::StoreAnswerRequest) -> Result<MessageId, Status> {
        let kept = self.0.clone().store_answer(request).await?;
        Ok(key(&kept.into_inner().message_id))
    }
}

/// An answer to the ticket of a message.
fn answer(to: &v1::Message, id: &str, text: &str) -> v1::StoreAnswerRequest {
    v1::StoreAnswerRequest {
        desk: ACME.to_owned(),
        request_id: id.to_owned(),
        caller: "boss".to_owned(),
        conversation_id: to.conversation_id.clone(),
        ticket_id: to.ticket_id,
        text: text.to_owned(),
        ..Default::default()
    }
}

/// Puts what is kept into the router's journal.
async fn name(router: &Desks<RoutingCore>, to: &v1::Message, message: MessageId, visible: bool) {
    let command = Command::Answer {
        ticket: TicketId(to.ticket_id),
        message,
        author: None,
        visible,
        then: AfterAnswer::Keep,
    };
    let submission = Submission {
        command,
        actor: Actor::service("test"),
        request: request("Answer", &message.to_string()),
        rows: Vec::new(),
        trace: Trace::default(),
    };
    let reply = router.submit(&key(ACME), submission).await;
    assert!(matches!(reply, Ok(Reply::Ticket(_))), "{reply:?}");
}

/// Keeps and names a public answer.
pub(crate) async fn give(
    world: &World,
    router: &Desks<RoutingCore>,
    service: &Service,
    to: &v1::Message,
    text: &str,
) -> MessageId {
    let keeper = Keeper::new(world, service).await;
    let message = keeper.keep(answer(to, text, text)).await.unwrap();
    name(router, to, message, true).await;
    message
}

/// What the router was told of an answer, in order, in words.
async fn fates(world: &World, message: MessageId) -> Vec<String> {
    let events = world.events(ACME).await.into_iter();
    let fate = |event| match event {
        RoutingEvent::AnswerDelivered { message: of, .. } if of == message => Some("delivered".to_owned()),
        RoutingEvent::AnswerFailed {
            message: of, reason, ..
        } if of == message => Some(reason.to_string()),
        _ => None,
    };
    events.filter_map(|event| fate(event.body)).collect()
}

/// Waits until the router was told this of an answer, and nothing else.
async fn ends(world: &World, message: MessageId, expected: &[&str]) {
    let mut seen = Vec::new();
    eventually(async || {
        seen = fates(world, message).await;
        seen.len() >= expected.len()
    })
    .await;
    assert_eq!(seen, expected);
}
