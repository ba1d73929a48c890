//! `tandem work`: be an agent in the terminal.

mod draft;
mod input;
mod screen;
mod texts;

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_proto::v1;
use tandem_proto::v1::work_request::Action as Up;
use tandem_proto::v1::work_response::Event as Down;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::answers::{self, Writing};
use super::step::{self, Step};
use crate::cli::{Format, Work};
use crate::client::{Client, request_id};
use crate::failure::Failure;
use draft::Draft;
use input::{Input, Typed};
use screen::Screen;
use texts::Texts;

const HEARTBEAT: Duration = Duration::from_secs(10);
/// A text may be listed a moment after its ticket is on offer.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Works until the agent leaves, input ends, or the stream does.
pub(crate) async fn run(client: &Client, args: &Work, output: Format) -> Result<(), Failure> {
    let mut session = Session::open(client, args, Screen(output)).await?;
    let mut lines = input::lines();
    let mut beat = tokio::time::interval(HEARTBEAT);
    let mut look = tokio::time::interval(LOOK_AGAIN);
    loop {
        // Piped commands rest on each other: the next one waits for the answer to the one before.
        let ready = session.unanswered.is_empty();
        tokio::select! {
            event = session.next() => {
                let event = event?;
                session.on_event(event).await?;
            }
            Some(typed) = lines.recv(), if ready => if !session.on_typed(typed).await? { break },
            _ = beat.tick() => session.send(Up::Heartbeat(v1::KeepAlive {})).await,
            _ = look.tick(), if session.texts.is_behind() => session.show_texts().await?,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    session.leave().await
}

struct Session<'a> {
    client: &'a Client,
    desk: String,
    agent: String,
    auto_accept: bool,
    screen: Screen,
    up: mpsc::Sender<v1::WorkRequest>,
    down: tonic::Streaming<v1::WorkResponse>,
    list: v1::WorkList,
    /// What was asked for, by request id.
    unanswered: BTreeMap<String, String>,
    texts: Texts,
    /// What is being written, over several lines.
    draft: Option<Draft>,
}

impl<'a> Session<'a> {
    async fn open(client: &'a Client, args: &Work, screen: Screen) -> Result<Self, Failure> {
        let desk = client.desk(&args.desk).await?;
        let (up, requests) = mpsc::channel(16);
        let start = v1::StartWork {
            agent: args.agent.clone(),
            presence: v1::Presence::Online.into(),
        };
        let first = v1::WorkRequest {
            desk: desk.clone(),
            request_id: request_id(),
            action: Some(Up::Start(start)),
        };
        up.send(first).await.map_err(|_| gone())?;
        let down = client.agents().work(ReceiverStream::new(requests)).await?.into_inner();
        let mut session = Self {
            client,
            desk,
            agent: args.agent.clone(),
            auto_accept: args.auto_accept,
            screen,
            up,
            down,
            list: v1::WorkList::default(),
            unanswered: BTreeMap::new(),
            texts: Texts::default(),
            draft: None,
        };
        // The first list is the proof that the agent may work.
        let first = session.next().await?;
        session.screen.help()?;
        session.on_event(first).await?;
        Ok(session)
    }

    async fn next(&mut self) -> Result<v1::WorkResponse, Failure> {
        self.down.message().await?.ok_or_else(gone)
    }

    async fn send(&mut self, action: Up) {
        let request_id = request_id();
        if let Some(what) = in_words(&action) {
            self.unanswered.insert(request_id.clone(), what);
        }
        let request = v1::WorkRequest {
            desk: self.desk.clone(),
            request_id,
            action: Some(action),
        };
        // If the stream has ended, its other direction says why.
        let _ = self.up.send(request).await;
    }

    async fn on_event(&mut self, response: v1::WorkResponse) -> Result<(), Failure> {
        match response.event {
            Some(Down::WorkList(list)) => {
                self.list = list;
                self.texts.look_at(&self.list);
                self.screen.list(&self.list)?;
                self.show_texts().await
            }
            Some(Down::Offer(made)) => {
                self.screen.offer(&made)?;
                self.accept_if_automatic(&made).await;
                Ok(())
            }
            Some(Down::Outcome(outcome)) => self.on_outcome(&outcome),
            None => Ok(()),
        }
    }

    async fn accept_if_automatic(&mut self, made: &v1::OfferMade) {
        let offer = made.offer.as_ref().filter(|_| self.auto_accept);
        let Some(offer_id) = offer.map(|offer| offer.offer_id) else {
            return;
        };
        self.send(Up::Accept(v1::AcceptWork { offer_id })).await;
    }

    fn on_outcome(&mut self, outcome: &v1::Outcome) -> Result<(), Failure> {
        let failure = outcome.failure.as_ref().map(|failure| failure.message.as_str());
        match (self.unanswered.remove(&outcome.request_id), failure) {
            (Some(what), failure) => self.screen.outcome(&what, failure),
            (None, Some(failure)) => self.screen.outcome("heartbeat", Some(failure)),
            (None, None) => Ok(()),
        }
    }

    /// Shows what customers wrote on the tickets at hand and was not shown yet.
    async fn show_texts(&mut self) -> Result<(), Failure> {
        for ticket in self.texts.behind() {
            match answers::messages(self.client, &self.desk, ticket).await {
                Ok(messages) => {
                    for message in self.texts.take(ticket, messages) {
                        self.screen.message(&message)?;
                    }
                }
                Err(why) => {
                    self.texts.give_up(ticket);
                    self.screen
                        .outcome(&format!("texts of T{ticket}"), Some(&why.to_string()))?;
                }
            }
        }
        Ok(())
    }

    /// `false`: leave.
    async fn on_typed(&mut self, typed: Typed) -> Result<bool, Failure> {
        match (typed, self.draft.take()) {
            (Typed::Line(line), Some(draft)) => self.go_on(draft, &line).await,
            (Typed::Line(line), None) => self.on_line(&line).await,
            (Typed::End, Some(draft)) => {
                let why = "not sent: its end, a single dot, is missing";
                self.screen.outcome(&draft.what(), Some(why)).map(|()| false)
            }
            (Typed::End, None) => Ok(false),
        }
    }

    async fn go_on(&mut self, draft: Draft, line: &str) -> Result<bool, Failure> {
        match draft.line(line) {
            draft::Next::More(draft) => self.draft = Some(draft),
            draft::Next::Written(writing) => self.write(writing).await?,
        }
        Ok(true)
    }

    /// `false`: leave.
    async fn on_line(&mut self, line: &str) -> Result<bool, Failure> {
        match input::parse(line) {
            Ok(Input::Leave) => return Ok(false),
            Ok(Input::Help) => self.screen.help()?,
            Ok(Input::List) => self.screen.list(&self.list)?,
            Ok(Input::Send(action)) => self.send(action).await,
            Ok(Input::Step(step, ticket)) => self.take(step, ticket).await?,
            Ok(Input::Read(ticket)) => self.read(ticket).await?,
            Ok(Input::Write(writing)) => self.write(writing).await?,
            Ok(Input::Compose(writing)) => self.compose(writing).await?,
            Err(why) => self.screen.outcome(line.trim(), Some(&why))?,
        }
        Ok(true)
    }

    async fn read(&mut self, ticket: u64) -> Result<(), Failure> {
        match answers::messages(self.client, &self.desk, ticket).await {
            Ok(messages) => messages.iter().try_for_each(|message| self.screen.message(message)),
            Err(why) => self
                .screen
                .outcome(&format!("texts of T{ticket}"), Some(&why.to_string())),
        }
    }

    async fn compose(&mut self, writing: Writing) -> Result<(), Failure> {
        self.screen.prompt("write; a single dot on a line ends it")?;
        if !writing.internal {
            self.set_typing(writing.ticket, true).await;
        }
        self.draft = Some(Draft::of(writing));
        Ok(())
    }

    async fn write(&mut self, writing: Writing) -> Result<(), Failure> {
        let (what, ticket) = (draft::what(&writing), writing.ticket);
        let visible = !writing.internal;
        let written = answers::write(self.client, self.desk.clone(), writing).await;
        if visible {
            self.set_typing(ticket, false).await;
        }
        let failure = written.err().map(|status| Failure::from(status).to_string());
        self.screen.outcome(&what, failure.as_deref())
    }

    /// A hint to whoever is there to see it; nothing rests on it.
    async fn set_typing(&self, ticket_id: u64, typing: bool) {
        let request = v1::SetTypingRequest {
            desk: self.desk.clone(),
            agent: self.agent.clone(),
            ticket_id,
            typing,
        };
        let _ = self.client.agents().set_typing(request).await;
    }

    async fn take(&mut self, step: Step, ticket: u64) -> Result<(), Failure> {
        let what = format!("{} T{ticket}", format!("{step:?}").to_lowercase());
        let taken = step::take(self.client, self.desk.clone(), ticket, step).await;
        let failure = taken.as_ref().err().map(tonic::Status::message);
        self.screen.outcome(&what, failure)
    }

    async fn leave(self) -> Result<(), Failure> {
        let request = v1::SetPresenceRequest {
            desk: self.desk,
            request_id: request_id(),
            agent: self.agent.clone(),
            presence: v1::Presence::Offline.into(),
        };
        self.client.agents().set_presence(request).await?;
        self.screen.outcome(&format!("{} goes offline", self.agent), None)
    }
}

fn gone() -> Failure {
    Failure::Unreachable("the stream has ended: run the command again".into())
}

/// Heartbeats and the start are not answered in words.
fn in_words(action: &Up) -> Option<String> {
    match action {
        Up::Accept(accept) => Some(format!("accept O{}", accept.offer_id)),
        Up::Decline(decline) => Some(format!("decline O{}", decline.offer_id)),
        Up::Presence(_) => Some("presence".to_owned()),
        Up::Start(_) | Up::Heartbeat(_) => None,
    }
}
