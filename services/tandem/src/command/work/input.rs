//! What an agent types.

use std::io::BufRead;

use tandem_domain::OfferId;
use tandem_proto::v1;
use tandem_proto::v1::work_request::Action as Up;
use tokio::sync::mpsc;

use crate::client::ticket_id;
use crate::command::answers::Writing;
use crate::command::step::Step;

/// What can be typed.
pub(super) const HELP: &str = "\
a OFFER  accept         d OFFER [busy|skill|conflict]  decline
r TICKET resolve        f TICKET  finish the wrap-up
h TICKET set aside      u TICKET  take up again         q TICKET  back into the queue
t TICKET what was written on it
say TICKET TEXT   answer the customer     note TICKET TEXT  for colleagues only
                  (without TEXT: the lines that follow, up to one that is a single dot)
on, away, off  presence           drain  finish what is at hand, then be offline
l  list        ?  help            x  leave, and go offline";

/// What a line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Input {
    Send(Up),
    Step(Step, u64),
    Read(u64),
    Write(Writing),
    /// The text is on the lines that follow.
    Compose(Writing),
    List,
    Help,
    Leave,
}

/// Reads a line; or says what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Input, String> {
    let words: Vec<_> = line.split_whitespace().collect();
    match words.as_slice() {
        ["say", id, ..] => Ok(writing(ticket(id)?, text_after(line, 2), false)),
        ["note", id, ..] => Ok(writing(ticket(id)?, text_after(line, 2), true)),
        ["t", id] => Ok(Input::Read(ticket(id)?)),
        [] | ["l"] => Ok(Input::List),
        ["a", id] => Ok(Input::Send(Up::Accept(v1::AcceptWork { offer_id: offer(id)? }))),
        ["d", id] => Ok(decline(offer(id)?, v1::DeclineReason::Other)),
        ["d", id, reason] => Ok(decline(offer(id)?, decline_reason(reason)?)),
        ["r", id] => Ok(Input::Step(Step::Resolve, ticket(id)?)),
        ["f", id] => Ok(Input::Step(Step::Finish, ticket(id)?)),
        ["h", id] => Ok(Input::Step(Step::Hold, ticket(id)?)),
        ["u", id] => Ok(Input::Step(Step::Resume, ticket(id)?)),
        ["q", id] => Ok(Input::Step(Step::Requeue, ticket(id)?)),
        ["on"] => Ok(presence(v1::Presence::Online)),
        ["away"] => Ok(presence(v1::Presence::Away)),
        ["off"] => Ok(presence(v1::Presence::Offline)),
        ["drain"] => Ok(presence(v1::Presence::Draining)),
        ["x"] => Ok(Input::Leave),
        ["?" | "help"] => Ok(Input::Help),
        _ => Err("not understood; `?` shows what is".to_owned()),
    }
}

fn writing(ticket: u64, text: &str, internal: bool) -> Input {
    let writing = Writing {
        ticket,
        text: text.to_owned(),
        internal,
        then: v1::AfterAnswer::Keep,
    };
    if text.is_empty() {
        Input::Compose(writing)
    } else {
        Input::Write(writing)
    }
}

/// What stands after so many words, as it was typed.
fn text_after(line: &str, words: usize) -> &str {
    (0..words).fold(line.trim(), |rest, _| {
        let after = rest.split_once(char::is_whitespace).map(|(_, after)| after);
        after.unwrap_or_default().trim_start()
    })
}

fn offer(text: &str) -> Result<u64, String> {
    let id: Result<OfferId, _> = text.to_uppercase().parse();
    id.map(|offer| offer.0)
        .map_err(|_| format!("`{text}` is not an offer: use O5 or 5"))
}

fn ticket(text: &str) -> Result<u64, String> {
    ticket_id(text).map_err(|failure| failure.to_string())
}

fn presence(presence: v1::Presence) -> Input {
    Input::Send(Up::Presence(presence.into()))
}

fn decline(offer_id: u64, reason: v1::DeclineReason) -> Input {
    let reason = reason.into();
    Input::Send(Up::Decline(v1::DeclineWork { offer_id, reason }))
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

/// Something that comes from the keyboard.
pub(super) enum Typed {
    Line(String),
    /// Nothing more comes.
    End,
}

/// Standard input has no asynchronous form: a thread reads it and ends with the process.
pub(super) fn lines() -> mpsc::Receiver<Typed> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(Typed::Line(line)).is_err() {
                return;
            }
        }
        // If the receiver is gone, the agent has left already.
        let _ = sender.blocking_send(Typed::End);
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        let accept = Input::Send(Up::Accept(v1::AcceptWork { offer_id: 5 }));
        assert_eq!(parse("a O5"), Ok(accept));
        assert_eq!(parse("d 5 busy"), Ok(decline(5, v1::DeclineReason::Busy)));
        assert_eq!(parse("r t7"), Ok(Input::Step(Step::Resolve, 7)));
        assert_eq!(parse("t 7"), Ok(Input::Read(7)));
        assert_eq!(parse("  "), Ok(Input::List));
        assert_eq!(parse("x"), Ok(Input::Leave));
    }

    #[test]
    fn a_text_is_taken_as_it_was_typed() {
        let said = |internal, text: &str| Writing {
            ticket: 7,
            text: text.to_owned(),
            internal,
            then: v1::AfterAnswer::Keep,
        };
        let line = " say T7  Good morning,  it is on its way. ";
        assert_eq!(
            parse(line),
            Ok(Input::Write(said(false, "Good morning,  it is on its way.")))
        );
        assert_eq!(parse("note 7 r 8"), Ok(Input::Write(said(true, "r 8"))));
        assert_eq!(parse("say 7"), Ok(Input::Compose(said(false, ""))));
    }

    #[test]
    fn what_is_not_understood_says_what_is() {
        for (line, why) in [
            ("a five", "`five` is not an offer: use O5 or 5"),
            ("r five", "`five` is not a ticket: use T17 or 17"),
            (
                "d 5 bored",
                "`bored` is not a reason: use busy, skill, conflict or other",
            ),
            ("jump", "not understood; `?` shows what is"),
        ] {
            assert_eq!(parse(line), Err(why.to_owned()));
        }
    }

    #[test]
    fn everything_that_the_help_names_is_understood() {
        for line in [
            "a 1",
            "d 1",
            "d 1 busy",
            "d 1 skill",
            "d 1 conflict",
            "r 1",
            "f 1",
            "h 1",
            "u 1",
            "q 1",
            "t 1",
            "say 1 hello",
            "note 1 hello",
            "on",
            "away",
            "off",
            "drain",
            "l",
            "?",
            "x",
        ] {
            assert!(parse(line).is_ok(), "{line}");
            let word = line.split(' ').next().unwrap_or_default();
            assert!(HELP.split([' ', '\n', ',']).any(|named| named == word), "{word}");
        }
    }
}
