//! What goes over a visitor's socket: JSON objects in text frames, told apart by `type`. `docs/chat.md` describes
//! them for others.

use serde::{Deserialize, Serialize};
use tandem_domain::routing::Unservable;

/// The protocol's version, also in the socket's path.
pub(super) const VERSION: u32 = 1;
/// Characters of a message's id, given by the visitor's side.
const ID_CHARS: usize = 64;

/// What a visitor's side says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromVisitor {
    /// The first frame, and only the first.
    Hello(Hello),
    /// The visitor wrote something.
    Message {
        /// Names it for ever within the chat: a repeat is recognised by it.
        id: String,
        /// The words.
        text: String,
    },
    /// Everything up to this answer has been shown.
    Ack {
        /// The answer's number.
        seq: u64,
    },
    /// The visitor leaves.
    End,
}

/// Who comes, and whether they were here before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Hello {
    /// BCP 47, if the visitor's side knows it.
    pub language: Option<String>,
    /// A token of the customer's own site that says who it is.
    pub contact: Option<String>,
    /// The token of the chat to go on with.
    pub resume: Option<String>,
    /// The last answer that is known there; none: everything that was said so far is wanted.
    pub after: Option<u64>,
}

/// What a visitor's side is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToVisitor<'a> {
    /// The answer to hello.
    Welcome(Welcome<'a>),
    /// A message of the visitor is stored for good.
    Accepted {
        /// The visitor's side's id.
        id: &'a str,
    },
    /// A message of the visitor was not taken.
    Refused {
        /// The visitor's side's id.
        id: &'a str,
        /// Why, for programs.
        code: Refusal,
        /// Why, for people who build visitors' sides.
        message: &'a str,
    },
    /// Something that was said.
    Message(Said<'a>),
    /// Where the visitor's request stands.
    Status(Status),
    /// An agent came.
    Joined {
        /// The name that the desk shows.
        agent: &'a str,
    },
    /// The agent is not there any more.
    Left {
        /// The name that the desk shows.
        agent: &'a str,
    },
    /// Whether the agent is writing.
    Typing {
        /// Whether it is so now.
        typing: bool,
    },
    /// The chat is over, and so is the socket.
    Ended {
        /// Who ended it.
        by: EndedBy,
    },
    /// The socket is closed for this reason.
    Error {
        /// For programs.
        code: ErrorCode,
        /// For people who build visitors' sides.
        message: &'a str,
    },
}

/// The answer to hello.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Welcome<'a> {
    /// Of the protocol.
    pub version: u32,
    /// What the account is called.
    pub name: &'a str,
    /// With this the chat goes on over another socket. A secret.
    pub resume: &'a str,
    /// Whether the chat goes on; otherwise it begins.
    pub resumed: bool,
    /// Whether everything that was said so far follows, because `after` names no answer of this chat.
    pub replayed: bool,
    /// Bytes of the largest frame that is taken.
    pub max_frame_bytes: usize,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Said<'a> {
    /// Of the visitor's own messages the id that the visitor's side gave; of answers ours. Unique within the chat.
    pub id: &'a str,
    /// Who said it.
    pub from: Side,
    /// Of an answer: its number, growing within the chat, to be acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The agent's name, if it is an answer of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<&'a str>,
    /// The words.
    pub text: &'a str,
    /// When, in RFC 3339.
    pub at: String,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    /// The visitor.
    Visitor,
    /// The desk.
    Agent,
}

/// Where a visitor's request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Status {
    /// Who is to do something.
    pub state: State,
    /// While waiting: 1 is next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// While waiting, where it can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_wait_seconds: Option<u64>,
    /// While waiting for what nobody on the desk can do: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unservable: Option<Unservable>,
}

/// Who is to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// The visitor has not written yet.
    Open,
    /// An agent is looked for.
    Waiting,
    /// An agent is there.
    WithAgent,
}

/// Who ended a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EndedBy {
    /// The visitor said so.
    Visitor,
    /// The desk has done with it.
    Agent,
    /// The visitor was away for too long, or the chat got too old.
    Timeout,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Refusal {
    /// It cannot be taken as it is.
    Invalid,
    /// Not now: the same again, under the same id.
    TryLater,
}

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ErrorCode {
    /// A frame that is no frame of this protocol.
    BadFrame,
    /// The first frame must be hello.
    HelloExpected,
    /// The language is none.
    BadLanguage,
    /// The contact token is forged, expired or of another account.
    BadContact,
    /// The resume token is forged, expired or of another account.
    BadResume,
    /// The chat is over: begin another.
    Over,
    /// Too many sockets of one visitor.
    TooManySockets,
    /// Too many frames too fast.
    TooFast,
    /// A larger frame than is taken.
    TooLarge,
    /// Nothing was heard for too long.
    Idle,
    /// What is sent is taken too slowly.
    TooSlow,
    /// Not now: again in a moment, with the resume token.
    TryLater,
}

impl ErrorCode {
    /// The code with which the socket is closed (RFC 6455, section 7.4.1, and IANA's registry).
    pub(super) const fn close_code(self) -> u16 {
        match self {
            Self::TooLarge => 1009,
            Self::TooSlow => 1013,
            Self::TryLater => 1012,
            Self::Idle => 1001,
            _ => 1008,
        }
    }
}

impl ToVisitor<'_> {
    /// The frame's text.
    pub(super) fn encode(&self) -> String {
        serde_json::to_string(self).expect("frames are plain data")
    }
}

/// Reads a frame.
///
/// # Errors
/// What is wrong with it; nothing of its words is in there.
pub(super) fn decode(text: &str) -> Result<FromVisitor, String> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("no frame of this protocol, at line {line}, column {column}: see docs/chat.md")
    })
}

/// What is wrong with a message of a visitor, if anything is.
pub(super) fn fault(id: &str, text: &str) -> Option<&'static str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.is_empty() || id.len() > ID_CHARS || !id.chars().all(is_word) {
        return Some("`id` must be 1 to 64 of A-Z, a-z, 0-9, - and _");
    }
    text.trim().is_empty().then_some("`text` must not be empty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read() {
        let hello = decode(r#"{"type":"hello","language":"de","after":7,"new":true}"#).unwrap();
        let expected = Hello {
            language: Some("de".into()),
            after: Some(7),
            ..Hello::default()
        };
        assert_eq!(hello, FromVisitor::Hello(expected));
        assert_eq!(decode(r#"{"type":"end"}"#), Ok(FromVisitor::End));
    }

    #[test]
    fn what_is_no_frame_is_named_by_its_place_and_never_quoted() {
        for odd in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"type":"secret"}"#,
            r#"{"type":"message","text":"secret"}"#,
        ] {
            let fault = decode(odd).unwrap_err();
            assert!(fault.contains("line") && !fault.contains("secret"), "{fault}");
        }
        let deep = "[".repeat(15_000);
        assert!(decode(&deep).is_err(), "depth is bounded");
    }

    #[test]
    fn a_message_needs_an_id_and_words() {
        assert_eq!(fault("c-1", " ä "), None);
        for (id, text) in [
            ("", "a"),
            ("a b", "a"),
            ("é", "a"),
            (&*"x".repeat(65), "a"),
            ("c1", " \n"),
        ] {
            assert!(fault(id, text).is_some(), "{id} {text}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let status = Status {
            state: State::Waiting,
            position: Some(1),
            estimated_wait_seconds: None,
            unservable: None,
        };
        assert_eq!(
            ToVisitor::Status(status).encode(),
            r#"{"type":"status","state":"waiting","position":1}"#
        );
    }
}
