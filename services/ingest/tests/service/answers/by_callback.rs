//! Answers to submitted messages, on the stream of the system that submitted.

use bytes::Bytes;
use futures::channel::mpsc;
use tandem_desk::Submission;
use tandem_domain::routing::Command;
use tandem_domain::{Actor, MessageId, Role, TicketId, Trace};
use tandem_proto::v1;
use tandem_proto::v1::answers_request::Step;
use tandem_store::{Commit, JournalStore, Row};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use super::{Keeper, answer, ends, fates, give, name, started};
use crate::harness::{ACME, DEADLINE, FOREIGN, Service, World, assert_refused, eventually, key, request};

/// An open stream.
struct Stream {
    up: mpsc::UnboundedSender<v1::AnswersRequest>,
    down: Streaming<v1::AnswersResponse>,
}

impl Stream {
    async fn open(world: &World, service: &Service) -> Self {
        Self::begin(world, service, ACME, Some(start("widget"))).await.unwrap()
    }

    async fn begin(world: &World, service: &Service, desk: &str, step: Option<Step>) -> Result<Self, Status> {
        let mut client = world.caller(service, Role::Channel, "web").await;
        let (up, requests) = mpsc::unbounded();
        let desk = desk.to_owned();
        up.unbounded_send(v1::AnswersRequest { desk, step }).unwrap();
        let down = client.answers(requests).await?.into_inner();
        Ok(Self { up, down })
    }

    async fn next(&mut self) -> Result<Option<v1::AnswersResponse>, Status> {
        timeout(DEADLINE, self.down.message()).await.expect("an answer in time")
    }

    async fn answer(&mut self) -> v1::AnswersResponse {
        self.next().await.unwrap().expect("the stream goes on")
    }

    fn says(&self, step: Step) {
        let desk = String::new();
        let step = Some(step);
        self.up.unbounded_send(v1::AnswersRequest { desk, step }).unwrap();
    }
}

fn start(account: &str) -> Step {
    let account = account.to_owned();
    Step::Start(v1::StartAnswers { account })
}

fn acknowledge(message: MessageId) -> Step {
    let message_id = message.to_string();
    Step::Acknowledge(v1::AcknowledgeAnswer { message_id })
}

/// A submitted question, on its ticket.
pub(super) async fn question(world: &World, service: &Service) -> v1::Message {
    let mut web = world.caller(service, Role::Channel, "web").await;
    let request = v1::SubmitRequest {
        desk: ACME.to_owned(),
        request_id: "q1".to_owned(),
        account: "widget".to_owned(),
        from: Some(v1::Contact {
            address: "ann".to_owned(),
            name: "Ann".to_owned(),
        }),
        subject: "Mower".to_owned(),
        text: "Where can I find the manual for my mower?".to_owned(),
        conversation_key: "thread 7".to_owned(),
        ..Default::default()
    };
    web.submit(request).await.unwrap();
    let mut messages = world.settled(service, ACME).await.into_iter();
    messages.find(|message| message.subject == "Mower").unwrap()
}

#[tokio::test]
async fn an_answer_comes_with_all_that_the_system_needs_and_counts_once_it_is_acknowledged() {
    let (world, router, service) = started(&[]).await;
    let question = question(&world, &service).await;
    let mut stream = Stream::open(&world, &service).await;
    let message = give(&world, &router, &service, &question, "In the drawer.").await;
    let answer = stream.answer().await;
    let expected = v1::AnswersResponse {
        message_id: message.to_string(),
        conversation_id: question.conversation_id.clone(),
        conversation_key: "thread 7".to_owned(),
        ticket_id: question.ticket_id,
        in_reply_to: question.message_id.clone(),
        to: question.from.clone(),
        subject: "Mower".to_owned(),
        text: "In the drawer.".to_owned(),
        answered_at: answer.answered_at,
    };
    assert_eq!(answer, expected);
    assert_eq!(fates(&world, message).await, [""; 0]);
    stream.says(acknowledge(message));
    ends(&world, message, &["delivered"]).await;
}

#[tokio::test]
async fn what_was_not_settled_comes_again_in_order_on_the_next_stream_and_what_was_does_not() {
    let (world, router, service) = started(&[]).await;
    let question = question(&world, &service).await;
    let mut given = Vec::new();
    for text in ["one", "two", "three"] {
        given.push(give(&world, &router, &service, &question, text).await);
    }
    let mut stream = Stream::open(&world, &service).await;
    for text in ["one", "two", "three"] {
        assert_eq!(stream.answer().await.text, text);
    }
    stream.says(acknowledge(given[1]));
    ends(&world, given[1], &["delivered"]).await;
    drop(stream);
    let mut again = Stream::open(&world, &service).await;
    assert_eq!(again.answer().await.text, "one");
    assert_eq!(again.answer().await.text, "three");
    let message_id = given[0].to_string();
    again.says(Step::Decline(v1::DeclineAnswer { message_id }));
    ends(&world, given[0], &["declined"]).await;
}

/// Answers are brought on their way side by side, so one may get there behind another that was given after it.
#[tokio::test]
async fn an_answer_that_was_overtaken_comes_on_the_open_stream_too() {
    let (world, router, service) = started(&[]).await;
    let question = question(&world, &service).await;
    let mut stream = Stream::open(&world, &service).await;
    give(&world, &router, &service, &question, "In the drawer.").await;
    assert_eq!(stream.answer().await.text, "In the drawer.");
    let kept = answer(&question, "late", "Or ask Bob.");
    let overtaken = Keeper::new(&world, &service).await.keep(kept).await.unwrap();
    name(&router, &question, overtaken, false).await;
    let mut reader = world.caller(&service, Role::Reader, "reader").await;
    let released = v1::GetMessageRequest {
        desk: ACME.to_owned(),
        message_id: overtaken.to_string(),
        with_raw: false,
    };
    eventually(async || reader.get_message(released.clone()).await.is_ok()).await;
    let row = Row {
        desk: key(ACME),
        table: "callback".to_owned(),
        key: format!("widget/{:020}", 1),
        value: Some(Bytes::from(overtaken.to_string())),
    };
    let commit = Commit {
        rows: vec![row],
        ..Commit::default()
    };
    world.store.commit(commit).await.unwrap();
    assert_eq!(stream.answer().await.text, "Or ask Bob.");
}

#[tokio::test]
async fn what_became_of_an_answer_is_not_told_for_ever_once_its_ticket_is_closed() {
    let (world, router, service) = started(&[]).await;
    let question = question(&world, &service).await;
    let mut stream = Stream::open(&world, &service).await;
    let message = give(&world, &router, &service, &question, "In the drawer.").await;
    assert_eq!(stream.answer().await.message_id, message.to_string());
    let ticket = TicketId(question.ticket_id);
    let cancel = Submission {
        command: Command::Cancel { ticket },
        actor: Actor::service("test"),
        request: request("Cancel", "one"),
        rows: Vec::new(),
        trace: Trace::default(),
    };
    router.submit(&key(ACME), cancel).await.unwrap();
    stream.says(acknowledge(message));
    let mut reader = world.caller(&service, Role::Reader, "reader").await;
    let open = v1::ListDeliveriesRequest {
        desk: ACME.to_owned(),
        ..Default::default()
    };
    eventually(async || {
        let listed = reader.list_deliveries(open.clone()).await.unwrap().into_inner();
        listed.deliveries.is_empty()
    })
    .await;
    assert_eq!(fates(&world, message).await, [""; 0]);
}

#[tokio::test]
async fn an_answer_that_no_system_takes_is_given_up() {
    let soon = [("TANDEM_DELIVERIES__GIVE_UP_AFTER", "1ms")];
    let (world, router, service) = started(&soon).await;
    let question = question(&world, &service).await;
    let message = give(&world, &router, &service, &question, "In the drawer.").await;
    ends(&world, message, &["expired"]).await;
    let mut stream = Stream::open(&world, &service).await;
    let later = give(&world, &router, &service, &question, "Or ask Bob.").await;
    assert_eq!(stream.answer().await.message_id, later.to_string());
}

#[tokio::test]
async fn who_says_what_cannot_be_is_told_so() {
    let (world, _router, service) = started(&[]).await;
    let refused = async |desk: &str, step: Option<Step>| {
        let stream = Stream::begin(&world, &service, desk, step).await;
        match stream {
            Ok(mut stream) => stream.next().await,
            Err(status) => Err(status),
        }
    };
    assert_refused(
        refused(ACME, Some(start("nobody"))).await,
        Code::InvalidArgument,
        &["start.account"],
    );
    assert_refused(refused(ACME, None).await, Code::InvalidArgument, &["start"]);
    let early = Some(acknowledge(MessageId(uuid::Uuid::from_u128(7))));
    assert_refused(refused(ACME, early).await, Code::InvalidArgument, &["start"]);
    let foreign = refused(FOREIGN, Some(start("widget"))).await.unwrap_err();
    assert_eq!(foreign.code(), Code::PermissionDenied);
    let mut stream = Stream::open(&world, &service).await;
    stream.says(acknowledge(MessageId(uuid::Uuid::from_u128(7))));
    assert_refused(stream.next().await, Code::InvalidArgument, &["acknowledge.message_id"]);
}

#[tokio::test]
async fn a_stream_ends_with_its_process_and_can_go_on_elsewhere() {
    let (world, router, service) = started(&[]).await;
    let question = question(&world, &service).await;
    let mut stream = Stream::open(&world, &service).await;
    let message = give(&world, &router, &service, &question, "In the drawer.").await;
    assert_eq!(stream.answer().await.message_id, message.to_string());
    service.stop().await;
    assert_eq!(stream.next().await.unwrap_err().code(), Code::Unavailable);
    let service = world.ingest().await;
    service.knows(&["help@acme.example"]).await;
    let mut stream = Stream::open(&world, &service).await;
    assert_eq!(stream.answer().await.message_id, message.to_string());
    stream.says(acknowledge(message));
    ends(&world, message, &["delivered"]).await;
}
