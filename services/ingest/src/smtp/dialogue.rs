//! What each command is answered: the protocol's state, without a socket or a clock.

use super::command::{self, Command};
use super::reply::{self, Reply};
use super::{Limits, RcptAnswer};

/// What the session does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Answer.
    Answer(Reply),
    /// Answer a command that must be the last of a group (RFC 2920, section 3.1): nothing may have come behind it.
    AnswerLast(Reply),
    /// Ask whether this address is served, then [`Dialogue::recipient`].
    Ask(String),
    /// Say 354 and take a message.
    TakeMessage,
    /// Say 220 and negotiate TLS.
    StartTls,
    /// Answer, then close.
    Close(Reply),
}

/// Sender and recipients of the message that is being announced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) mail_from: Option<String>,
    pub(super) rcpts: Vec<String>,
}

/// The state of one connection.
pub(super) struct Dialogue<'a> {
    hostname: &'a str,
    limits: &'a Limits,
    tls: Tls,
    helo: Option<String>,
    transaction: Option<Transaction>,
    errors: u32,
    idle_commands: u32,
}

/// Where encryption stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    NotOffered,
    Offered,
    On,
}

impl<'a> Dialogue<'a> {
    pub(super) fn new(hostname: &'a str, limits: &'a Limits, tls: Tls) -> Self {
        Self {
            hostname,
            limits,
            tls,
            helo: None,
            transaction: None,
            errors: 0,
            idle_commands: 0,
        }
    }

    /// What the peer called itself.
    pub(super) fn helo(&self) -> &str {
        self.helo.as_deref().unwrap_or_default()
    }

    pub(super) fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    pub(super) fn tls(&self) -> Tls {
        self.tls
    }

    /// Deals with one command line.
    pub(super) fn command(&mut self, line: &[u8]) -> Step {
        let step = match command::parse(line) {
            Ok(command) => self.carry_out(command),
            Err(refusal) => Step::Answer(refusal),
        };
        match step {
            Step::Answer(reply) => self.count(reply),
            other => other,
        }
    }

    /// Answers RCPT, now that it is known whether the address is served.
    pub(super) fn recipient(&mut self, address: String, answer: RcptAnswer) -> Step {
        let reply = match answer {
            RcptAnswer::Accepted => self.add_recipient(address),
            RcptAnswer::NoSuchMailbox => reply::NO_SUCH_MAILBOX,
            RcptAnswer::TryLater => reply::TRY_LATER,
        };
        self.count(reply)
    }

    /// The message was taken, or refused: the next one may be announced.
    pub(super) fn end_transaction(&mut self) -> Transaction {
        self.idle_commands = 0;
        self.transaction.take().unwrap_or_default()
    }

    fn carry_out(&mut self, command: Command) -> Step {
        if let Some(excess) = self.count_idle(&command) {
            return excess;
        }
        match command {
            Command::Hello { name, extended } => Step::AnswerLast(self.hello(name, extended)),
            Command::Mail { size, .. } if self.is_too_large(size) => Step::Answer(reply::MESSAGE_TOO_LARGE),
            Command::Mail { from, .. } => Step::Answer(self.mail(from)),
            Command::Rcpt { to } => self.rcpt(to),
            Command::Data => self.data(),
            Command::StartTls => self.start_tls(),
            Command::Reset => {
                self.transaction = None;
                Step::Answer(reply::DONE)
            }
            Command::Noop => Step::Answer(reply::DONE),
            Command::Verify => Step::Answer(reply::CANNOT_VERIFY),
            Command::Help => Step::Answer(reply::HELP),
            Command::Quit => Step::Close(reply::GOODBYE),
        }
    }

    fn hello(&mut self, name: String, extended: bool) -> Reply {
        self.transaction = None;
        self.helo = Some(name);
        let text = if extended {
            self.offers()
        } else {
            self.hostname.to_owned()
        };
        Reply::custom(250, text.into())
    }

    fn offers(&self) -> String {
        let start_tls = if self.tls == Tls::Offered { "\nSTARTTLS" } else { "" };
        let (hostname, size) = (self.hostname, self.limits.message_bytes);
        format!("{hostname}\nSIZE {size}\n8BITMIME\nPIPELINING\nENHANCEDSTATUSCODES{start_tls}\nHELP")
    }

    fn is_too_large(&self, size: Option<u64>) -> bool {
        size.is_some_and(|size| size > self.limits.message_bytes as u64)
    }

    fn mail(&mut self, from: Option<String>) -> Reply {
        if self.helo.is_none() {
            return reply::HELLO_FIRST;
        }
        if self.transaction.is_some() {
            return reply::NESTED_MAIL;
        }
        self.transaction = Some(Transaction {
            mail_from: from,
            rcpts: Vec::new(),
        });
        reply::SENDER_OK
    }

    fn rcpt(&mut self, to: String) -> Step {
        match &self.transaction {
            None => Step::Answer(reply::MAIL_FIRST),
            Some(transaction) if transaction.rcpts.contains(&to) => Step::Answer(reply::RECIPIENT_OK),
            Some(transaction) if transaction.rcpts.len() >= self.limits.recipients => {
                Step::Answer(reply::TOO_MANY_RECIPIENTS)
            }
            Some(_) => Step::Ask(to),
        }
    }

    fn add_recipient(&mut self, address: String) -> Reply {
        let Some(transaction) = &mut self.transaction else {
            return reply::MAIL_FIRST;
        };
        transaction.rcpts.push(address);
        reply::RECIPIENT_OK
    }

    fn data(&self) -> Step {
        match &self.transaction {
            None => Step::Answer(reply::MAIL_FIRST),
            Some(transaction) if transaction.rcpts.is_empty() => Step::Answer(reply::RCPT_FIRST),
            Some(_) => Step::TakeMessage,
        }
    }

    fn start_tls(&self) -> Step {
        match self.tls {
            Tls::NotOffered => Step::Answer(reply::NOT_IMPLEMENTED),
            Tls::On => Step::Answer(reply::TLS_ALREADY),
            Tls::Offered => Step::StartTls,
        }
    }

    /// Counts commands that bring no message nearer; beyond the limit each is an error.
    fn count_idle(&mut self, command: &Command) -> Option<Step> {
        if matches!(
            command,
            Command::Mail { .. } | Command::Rcpt { .. } | Command::Data | Command::Quit
        ) {
            return None;
        }
        self.idle_commands += 1;
        let excess = self.idle_commands > self.limits.idle_commands;
        excess.then_some(Step::Close(reply::TOO_MANY_ERRORS))
    }

    /// Counts errors; the last one that is allowed is still answered.
    fn count(&mut self, reply: Reply) -> Step {
        self.errors += u32::from(reply.is_refusal());
        if self.errors > self.limits.errors {
            Step::Close(reply::TOO_MANY_ERRORS)
        } else {
            Step::Answer(reply)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a dialogue in which every address but `nobody@` is served; gives the reply codes.
    fn play(dialogue: &mut Dialogue<'_>, lines: &[&str]) -> Vec<u16> {
        lines.iter().map(|line| code(dialogue, line)).collect()
    }

    fn code(dialogue: &mut Dialogue<'_>, line: &str) -> u16 {
        match dialogue.command(line.as_bytes()) {
            Step::Answer(reply) | Step::AnswerLast(reply) | Step::Close(reply) => reply.code,
            Step::Ask(address) => {
                let known = !address.starts_with("nobody@");
                let answer = if known {
                    RcptAnswer::Accepted
                } else {
                    RcptAnswer::NoSuchMailbox
                };
                match dialogue.recipient(address, answer) {
                    Step::Answer(reply) | Step::Close(reply) => reply.code,
                    other => panic!("{other:?}"),
                }
            }
            Step::TakeMessage => 354,
            Step::StartTls => 220,
        }
    }

    fn with<R>(limits: &Limits, tls: Tls, test: impl FnOnce(&mut Dialogue<'_>) -> R) -> R {
        test(&mut Dialogue::new("mx.example", limits, tls))
    }

    #[test]
    fn commands_have_an_order() {
        let limits = Limits {
            errors: 100,
            ..Limits::default()
        };
        for (lines, codes) in [
            (&["MAIL FROM:<a@b>"][..], &[503][..]),
            (&["EHLO x", "RCPT TO:<a@b>"], &[250, 503]),
            (&["EHLO x", "DATA"], &[250, 503]),
            (&["EHLO x", "MAIL FROM:<a@b>", "DATA"], &[250, 250, 503]),
            (&["EHLO x", "MAIL FROM:<a@b>", "MAIL FROM:<a@b>"], &[250, 250, 503]),
            (
                &["EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<nobody@b>", "DATA"],
                &[250, 250, 550, 503],
            ),
            (
                &["HELO x", "MAIL FROM:<>", "RCPT TO:<a@b>", "RCPT TO:<A@B>", "DATA"],
                &[250, 250, 250, 250, 354],
            ),
            (
                &["EHLO x", "MAIL FROM:<a@b>", "RSET", "RCPT TO:<a@b>"],
                &[250, 250, 250, 503],
            ),
            (
                &["EHLO x", "MAIL FROM:<a@b>", "EHLO x", "RCPT TO:<a@b>"],
                &[250, 250, 250, 503],
            ),
            (
                &["NOOP", "VRFY a", "HELP", "EXPN a", "XYZ", "QUIT"],
                &[250, 252, 214, 502, 500, 221],
            ),
            (&["EHLO x", "MAIL FROM:<a@b> SIZE=26214401"], &[250, 552]),
            (&["EHLO x", "MAIL FROM:<a@b> SIZE=26214400"], &[250, 250]),
            (&["EHLO x", "STARTTLS"], &[250, 502]),
        ] {
            assert_eq!(
                with(&limits, Tls::NotOffered, |dialogue| play(dialogue, lines)),
                codes,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn a_recipient_counts_once() {
        let limits = Limits {
            recipients: 2,
            ..Limits::default()
        };
        let lines = [
            "EHLO x",
            "MAIL FROM:<>",
            "RCPT TO:<a@b>",
            "RCPT TO:<A@b>",
            "RCPT TO:<c@b>",
            "RCPT TO:<d@b>",
        ];
        with(&limits, Tls::NotOffered, |dialogue| {
            assert_eq!(play(dialogue, &lines), [250, 250, 250, 250, 250, 452]);
            assert_eq!(dialogue.end_transaction().rcpts, ["a@b", "c@b"]);
        });
    }

    #[test]
    fn only_what_is_done_is_offered() {
        let ehlo = |tls| {
            with(&Limits::default(), tls, |dialogue| match dialogue.command(b"EHLO x") {
                Step::AnswerLast(reply) => reply.text.into_owned(),
                other => panic!("{other:?}"),
            })
        };
        let plain = "mx.example\nSIZE 26214400\n8BITMIME\nPIPELINING\nENHANCEDSTATUSCODES\nHELP";
        assert_eq!(ehlo(Tls::NotOffered), plain);
        assert_eq!(ehlo(Tls::On), plain);
        assert_eq!(ehlo(Tls::Offered), plain.replace("HELP", "STARTTLS\nHELP"));
    }

    #[test]
    fn tls_is_started_once() {
        assert_eq!(
            with(&Limits::default(), Tls::Offered, |dialogue| play(
                dialogue,
                &["STARTTLS"]
            )),
            [220]
        );
        assert_eq!(
            with(&Limits::default(), Tls::On, |dialogue| play(dialogue, &["STARTTLS"])),
            [503]
        );
    }

    #[test]
    fn the_eleventh_error_closes() {
        let codes = with(&Limits::default(), Tls::NotOffered, |dialogue| {
            play(dialogue, &["XYZ"; 11])
        });
        assert_eq!(codes, [vec![500; 10], vec![421]].concat());
    }

    #[test]
    fn chatting_for_ever_closes_too() {
        let limits = Limits {
            idle_commands: 3,
            ..Limits::default()
        };
        let codes = with(&limits, Tls::NotOffered, |dialogue| play(dialogue, &["NOOP"; 4]));
        assert_eq!(codes, [250, 250, 250, 421]);
    }
}
