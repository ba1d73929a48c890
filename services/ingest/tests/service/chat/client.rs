//! A visitor's side, and an agent who answers.

use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tandem_desk::{Desks, Submission};
use tandem_domain::routing::{AfterAnswer, Answer, Command, Query, TicketView};
use tandem_domain::{Actor, AgentId, Clock, IdSource, MessageId, Presence, Role, RoutingState, Trace};
use tandem_proto::v1;
use tandem_routing::RoutingCore;
use tandem_service_kit::auth::DeskScope;
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::harness::{ACME, DEADLINE, Service, World, desk_file, eventually, key, request};

/// A visitor's side.
pub(super) struct Visitor {
    pub(super) socket: WebSocketStream<TcpStream>,
}

/// The request that opens a socket at a desk's `widget`, as a page of the server itself does.
pub(super) fn upgrade(chat: SocketAddr, desk: &str) -> Request {
    let mut request = format!("ws://{chat}/chat/v1/{desk}/widget")
        .into_client_request()
        .unwrap();
    let origin = format!("http://{chat}").parse().unwrap();
    request.headers_mut().insert("origin", origin);
    request
}

/// Opens a socket, or says with which status that is refused.
pub(super) async fn open(chat: SocketAddr, request: Request) -> Result<Visitor, u16> {
    let stream = TcpStream::connect(chat).await.unwrap();
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(Visitor { socket }),
        Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("neither opened nor refused: {other}"),
    }
}

impl Visitor {
    /// A visitor at `acme` who has not said hello yet.
    pub(super) async fn at(service: &Service) -> Self {
        open(service.chat, upgrade(service.chat, ACME)).await.unwrap()
    }

    /// A visitor at `acme` who is welcome; and the welcome.
    pub(super) async fn welcome(service: &Service, hello: Value) -> (Self, Value) {
        let mut visitor = Self::at(service).await;
        visitor.say(&with_type("hello", hello)).await;
        let welcome = visitor.hears("welcome").await;
        (visitor, welcome)
    }

    /// A new visitor; and the token with which the chat goes on.
    pub(super) async fn new(service: &Service) -> (Self, String) {
        let (visitor, welcome) = Self::welcome(service, json!({})).await;
        (visitor, text(&welcome, "resume"))
    }

    pub(super) async fn say(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Says something, and waits until it is accepted.
    pub(super) async fn writes(&mut self, id: &str, words: &str) {
        self.say(&json!({"type": "message", "id": id, "text": words})).await;
        let accepted = self.hears("accepted").await;
        assert_eq!(accepted["id"], id);
    }

    /// The next frame of this type; others are passed over.
    pub(super) async fn hears(&mut self, kind: &str) -> Value {
        self.hears_where(kind, |_| true).await
    }

    pub(super) async fn hears_where(&mut self, kind: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let hearing = async {
            loop {
                match self.next().await {
                    Ok(frame) if frame["type"] == kind && holds(&frame) => return frame,
                    Ok(_) => {}
                    Err(code) => panic!("closed with {code:?} before {kind}"),
                }
            }
        };
        timeout(DEADLINE, hearing).await.expect(kind)
    }

    /// The next frame of one of these types.
    pub(super) async fn next_of(&mut self, kinds: &[&str]) -> Value {
        loop {
            let frame = self.next().await.unwrap();
            if kinds.iter().any(|kind| frame["type"] == *kind) {
                return frame;
            }
        }
    }

    /// The next frame, or the code with which the socket is closed; none: without a word.
    pub(super) async fn next(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match timeout(DEADLINE, self.socket.next()).await.expect("a frame or the end") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(close))) => return Err(close.map(|close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The frames until the end, and the code of the end.
    pub(super) async fn rest(&mut self) -> (Vec<Value>, Option<u16>) {
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                Ok(frame) => frames.push(frame),
                Err(code) => return (frames, code),
            }
        }
    }

    /// Asserts that the socket is closed for this reason.
    pub(super) async fn is_sent_away(&mut self, error: &str, close: u16) {
        let (frames, code) = self.rest().await;
        let last = frames
            .last()
            .map(|frame| (frame["type"].clone(), frame["code"].clone()));
        assert_eq!(last, Some((json!("error"), json!(error))), "{frames:?}");
        assert_eq!(code, Some(close));
    }

    /// Closes as a page does that is left.
    pub(super) async fn goes(mut self) {
        let code = tungstenite::protocol::frame::coding::CloseCode::Away;
        let frame = CloseFrame {
            code,
            reason: "".into(),
        };
        // The server may have closed first.
        let _ = self.socket.close(Some(frame)).await;
    }
}

/// The desk's agent.
pub(super) struct Ana<'a> {
    pub(super) world: &'a World,
    pub(super) router: &'a Desks<RoutingCore>,
    pub(super) service: &'a Service,
}

impl Ana<'_> {
    /// Comes online.
    pub(super) async fn comes(&self) {
        let agent = ana();
        let presence = Presence::Online;
        self.does(Command::SetPresence { agent, presence }).await;
    }

    /// Accepts the next ticket that is offered.
    pub(super) async fn accepts(&self) -> TicketView {
        let mut offered = None;
        eventually(async || {
            let mut items = self.work().await.into_iter();
            offered = items.find(|ticket| ticket.state == RoutingState::Offered);
            offered.is_some()
        })
        .await;
        let offered = offered.unwrap();
        let offer = offered.offer.as_ref().unwrap().id;
        self.does(Command::Accept { agent: ana(), offer }).await;
        offered
    }

    pub(super) async fn work(&self) -> Vec<TicketView> {
        let answer = self.router.query(&key(ACME), Query::WorkList(ana())).await;
        match answer {
            Ok(Answer::WorkList(Some(list))) => list.items,
            other => panic!("{other:?}"),
        }
    }

    /// Answers as the router does it: ingest keeps the text, then the journal names it.
    pub(super) async fn answers(&self, ticket: &TicketView, words: &str, then: AfterAnswer) -> MessageId {
        self.writes(ticket, words, false, then).await
    }

    pub(super) async fn writes(
        &self,
        ticket: &TicketView,
        words: &str,
        internal: bool,
        then: AfterAnswer,
    ) -> MessageId {
        let mut client = self
            .world
            .caller_on(self.service, Role::Service, "router", DeskScope::All)
            .await;
        let kept = client.store_answer(v1::StoreAnswerRequest {
            desk: ACME.to_owned(),
            request_id: fresh(),
            caller: "ana".to_owned(),
            conversation_id: ticket.conversation.to_string(),
            ticket_id: ticket.id.0,
            author: "ana".to_owned(),
            internal,
            text: words.to_owned(),
        });
        let message = key(&kept.await.unwrap().into_inner().message_id);
        self.does(Command::Answer {
            ticket: ticket.id,
            message,
            author: Some(ana()),
            visible: !internal,
            then,
        })
        .await;
        message
    }

    pub(super) async fn does(&self, command: Command) {
        let submission = Submission {
            command,
            actor: Actor {
                role: Role::Agent,
                subject: "ana".into(),
            },
            request: request("Test", &fresh()),
            rows: Vec::new(),
            trace: Trace::default(),
        };
        self.router.submit(&key(ACME), submission).await.unwrap();
    }
}

pub(super) fn ana() -> AgentId {
    key("ana")
}

fn fresh() -> String {
    SystemIds.next(SystemClock.now()).to_string()
}

pub(super) fn text(frame: &Value, field: &str) -> String {
    frame[field].as_str().unwrap().to_owned()
}

pub(super) fn with_type(kind: &str, mut frame: Value) -> Value {
    frame["type"] = json!(kind);
    frame
}

/// A world whose ingest has these settings, named as in the environment.
pub(super) async fn world_with(settings: &[(&str, &str)]) -> (World, Desks<RoutingCore>, Service) {
    let world = World::new();
    let router = world.router();
    world.apply(&router, ACME, &desk_file(ACME)).await;
    let service = world.ingest_of(world.bus.clone(), world.config_with(settings)).await;
    service.knows(&["help@acme.example"]).await;
    (world, router, service)
}

/// A grace that tests can wait for.
pub(super) const SHORT_GRACE: (&str, &str) = ("TANDEM_CHAT__GRACE", "900ms");
