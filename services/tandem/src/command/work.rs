//! `tandem work`: be an agent in the terminal.

mod screen;

use std::collections::VecDeque;
use std::io::BufRead;
use std::time::Duration;

use tandem_proto::v1;
use tandem_proto::v1::work_request::Action as Up;
use tandem_proto::v1::work_response::Event as Down;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::cli::{Format, Work};
use crate::client::{Client, request_id, ticket_id};
use crate::failure::Failure;
use crate::output::print_line;

const HEARTBEAT: Duration = Duration::from_secs(10);
const HELP: &str = "\
a OFFER  accept      d OFFER [busy|skill|conflict]  decline      r TICKET  resolve     f TICKET  finish wrap-up
h TICKET hold        u TICKET  take up again                     q TICKET  requeue     l  list
on / away / off  presence                                        x  leave (you go offline)";

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Input {
    Send(Up),
    Ticket(&'static str, u64),
    List,
    Help,
    Leave,
}

/// Works until the agent leaves, input ends, or the stream does.
pub async fn run(client: &Client, args: &Work, output: Format) -> Result<(), Failure> {
    let mut session = Session::open(client, args, output).await?;
    let mut lines = stdin_lines();
    let mut beat = tokio::time::interval(HEARTBEAT);
    session.say(HELP)?;
    loop {
        tokio::select! {
            down = session.down.message() => match down? {
                Some(event) => session.on_event(event).await?,
                None => return Err(Failure::Unreachable("the stream has ended: run the command again".into())),
            },
            Some(line) = lines.recv() => if !session.on_line(&line).await? { break },
            _ = beat.tick() => session.send(Up::Heartbeat(v1::KeepAlive {})).await?,
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
    output: Format,
    up: mpsc::Sender<v1::WorkRequest>,
    down: tonic::Streaming<v1::WorkResponse>,
    list: v1::WorkList,
    unanswered: VecDeque<(String, String)>,
}

impl<'a> Session<'a> {
    async fn open(client: &'a Client, args: &Work, output: Format) -> Result<Self, Failure> {
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
        Ok(Self {
            client,
            desk,
            agent: args.agent.clone(),
            auto_accept: args.auto_accept,
            output,
            up,
            down,
            list: v1::WorkList::default(),
            unanswered: VecDeque::new(),
        })
    }

    async fn send(&mut self, action: Up) -> Result<(), Failure> {
        let request_id = request_id();
        if let Some(what) = describe(&action) {
            self.unanswered.push_back((request_id.clone(), what));
        }
        let request = v1::WorkRequest {
            desk: self.desk.clone(),
            request_id,
            action: Some(action),
        };
        self.up.send(request).await.map_err(|_| gone())
    }

    async fn on_event(&mut self, response: v1::WorkResponse) -> Result<(), Failure> {
        match response.event {
            Some(Down::WorkList(list)) => {
                self.list = list;
                self.show_list()
            }
            Some(Down::Offer(offer)) => self.on_offer(&offer).await,
            Some(Down::Outcome(outcome)) => self.on_outcome(&outcome),
            None => Ok(()),
        }
    }

    async fn on_offer(&mut self, made: &v1::OfferMade) -> Result<(), Failure> {
        self.say(&screen::offer(made, self.output))?;
        match (&made.offer, self.auto_accept) {
            (Some(offer), true) => {
                self.send(Up::Accept(v1::AcceptWork {
                    offer_id: offer.offer_id,
                }))
                .await
            }
            _ => Ok(()),
        }
    }

    fn on_outcome(&mut self, outcome: &v1::Outcome) -> Result<(), Failure> {
        let place = self.unanswered.iter().position(|(id, _)| *id == outcome.request_id);
        let what = place
            .and_then(|at| self.unanswered.remove(at))
            .map_or_else(String::new, |(_, what)| what);
        match &outcome.failure {
            Some(failure) => self.say(&format!("{what}: {}", failure.message)),
            None => self.say(&format!("{what}: done")),
        }
    }

    /// `false`: leave.
    async fn on_line(&mut self, line: &str) -> Result<bool, Failure> {
        match parse(line) {
            Ok(Input::Leave) => return Ok(false),
            Ok(Input::Help) => self.say(HELP)?,
            Ok(Input::List) => self.show_list()?,
            Ok(Input::Send(action)) => self.send(action).await?,
            Ok(Input::Ticket(verb, ticket)) => self.ticket(verb, ticket).await?,
            Err(why) => self.say(&why)?,
        }
        Ok(true)
    }

    async fn ticket(&mut self, verb: &'static str, ticket_id: u64) -> Result<(), Failure> {
        let (desk, request_id) = (self.desk.clone(), request_id());
        let mut tickets = self.client.tickets();
        let done = match verb {
            "resolve" => tickets
                .resolve_ticket(v1::ResolveTicketRequest {
                    desk,
                    request_id,
                    ticket_id,
                })
                .await
                .err(),
            "finish" => tickets
                .finish_wrap_up(v1::FinishWrapUpRequest {
                    desk,
                    request_id,
                    ticket_id,
                })
                .await
                .err(),
            "hold" => tickets
                .hold_ticket(v1::HoldTicketRequest {
                    desk,
                    request_id,
                    ticket_id,
                })
                .await
                .err(),
            "resume" => tickets
                .resume_ticket(v1::ResumeTicketRequest {
                    desk,
                    request_id,
                    ticket_id,
                })
                .await
                .err(),
            _ => tickets
                .requeue_ticket(v1::RequeueTicketRequest {
                    desk,
                    request_id,
                    ticket_id,
                })
                .await
                .err(),
        };
        match done {
            Some(status) => self.say(&format!("{verb} T{ticket_id}: {}", status.message())),
            None => self.say(&format!("{verb} T{ticket_id}: done")),
        }
    }

    async fn leave(mut self) -> Result<(), Failure> {
        let request = v1::SetPresenceRequest {
            desk: self.desk.clone(),
            request_id: request_id(),
            agent: self.agent.clone(),
            presence: v1::Presence::Offline.into(),
        };
        self.client.agents().set_presence(request).await?;
        self.say(&format!("{} is offline", self.agent))
    }

    fn show_list(&mut self) -> Result<(), Failure> {
        self.say(&screen::list(&self.list, self.output))
    }

    fn say(&mut self, line: &str) -> Result<(), Failure> {
        if self.output == Format::Json && !line.starts_with('{') {
            return Ok(());
        }
        print_line(line)
    }
}

fn gone() -> Failure {
    Failure::Unreachable("the stream has ended: run the command again".into())
}

fn describe(action: &Up) -> Option<String> {
    match action {
        Up::Accept(accept) => Some(format!("accept O{}", accept.offer_id)),
        Up::Decline(decline) => Some(format!("decline O{}", decline.offer_id)),
        Up::Presence(_) => Some("presence".to_owned()),
        Up::Start(_) | Up::Heartbeat(_) => None,
    }
}

fn parse(line: &str) -> Result<Input, String> {
    let words: Vec<_> = line.split_whitespace().collect();
    let offer = |text: &str| {
        let id: Result<tandem_domain::OfferId, _> = text.to_uppercase().parse();
        id.map(|offer| offer.0)
            .map_err(|_| format!("`{text}` is not an offer: use O5 or 5"))
    };
    let ticket = |text: &str| ticket_id(text).map_err(|failure| failure.to_string());
    let presence = |presence: v1::Presence| Ok(Input::Send(Up::Presence(presence.into())));
    match words.as_slice() {
        [] | ["l"] => Ok(Input::List),
        ["a", id] => Ok(Input::Send(Up::Accept(v1::AcceptWork { offer_id: offer(id)? }))),
        ["d", id] => Ok(decline(offer(id)?, v1::DeclineReason::Other)),
        ["d", id, reason] => Ok(decline(offer(id)?, decline_reason(reason)?)),
        ["r", id] => Ok(Input::Ticket("resolve", ticket(id)?)),
        ["f", id] => Ok(Input::Ticket("finish", ticket(id)?)),
        ["h", id] => Ok(Input::Ticket("hold", ticket(id)?)),
        ["u", id] => Ok(Input::Ticket("resume", ticket(id)?)),
        ["q", id] => Ok(Input::Ticket("requeue", ticket(id)?)),
        ["on"] => presence(v1::Presence::Online),
        ["away"] => presence(v1::Presence::Away),
        ["off"] => presence(v1::Presence::Offline),
        ["x"] => Ok(Input::Leave),
        ["?" | "help"] => Ok(Input::Help),
        _ => Err(format!("`{}` is not understood; `?` shows what is", line.trim())),
    }
}

fn decline(offer_id: u64, reason: v1::DeclineReason) -> Input {
    Input::Send(Up::Decline(v1::DeclineWork {
        offer_id,
        reason: reason.into(),
    }))
}

fn decline_reason(word: &str) -> Result<v1::DeclineReason, String> {
    match word {
        "busy" => Ok(v1::DeclineReason::Busy),
        "skill" => Ok(v1::DeclineReason::WrongSkill),
        "conflict" => Ok(v1::DeclineReason::Conflict),
        "other" => Ok(v1::DeclineReason::Other),
        _ => Err(format!("`{word}` is not a reason: use busy, skill, conflict or other")),
    }
}

/// Standard input has no asynchronous form: a thread reads it and ends with the process.
fn stdin_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
        // The end of the input is a wish to leave.
        let _ = sender.blocking_send("x".to_owned());
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        assert_eq!(
            parse("a O5"),
            Ok(Input::Send(Up::Accept(v1::AcceptWork { offer_id: 5 })))
        );
        assert_eq!(parse("d 5 busy"), Ok(decline(5, v1::DeclineReason::Busy)));
        assert_eq!(parse("r t7"), Ok(Input::Ticket("resolve", 7)));
        assert_eq!(parse("  "), Ok(Input::List));
        assert_eq!(parse("x"), Ok(Input::Leave));
    }

    #[test]
    fn what_is_not_understood_says_what_is() {
        assert_eq!(parse("a five"), Err("`five` is not an offer: use O5 or 5".to_owned()));
        assert_eq!(
            parse("d 5 bored"),
            Err("`bored` is not a reason: use busy, skill, conflict or other".to_owned())
        );
        assert_eq!(
            parse("jump"),
            Err("`jump` is not understood; `?` shows what is".to_owned())
        );
    }
}
