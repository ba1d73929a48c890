//! What the server says: every reply in one place.

use std::borrow::Cow;

/// A reply: a code and text, which begins with an enhanced status code (RFC 3463) where one fits.
/// Several lines are separated by `\n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) text: Cow<'static, str>,
}

impl Reply {
    const fn new(code: u16, text: &'static str) -> Self {
        Self {
            code,
            text: Cow::Borrowed(text),
        }
    }

    pub(super) const fn custom(code: u16, text: Cow<'static, str>) -> Self {
        Self { code, text }
    }

    /// Whether it blames the peer for good.
    pub(super) const fn is_refusal(&self) -> bool {
        self.code >= 500
    }

    /// Appends the reply as it goes over the wire.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let mut lines = self.text.lines().peekable();
        while let Some(line) = lines.next() {
            let separator = if lines.peek().is_some() { '-' } else { ' ' };
            out.extend_from_slice(format!("{}{separator}{line}\r\n", self.code).as_bytes());
        }
    }
}

pub(super) const HELP: Reply = Reply::new(214, "2.0.0 HELO EHLO STARTTLS MAIL RCPT DATA RSET NOOP VRFY HELP QUIT");
pub(super) const START_TLS: Reply = Reply::new(220, "2.0.0 Go ahead");
pub(super) const GOODBYE: Reply = Reply::new(221, "2.0.0 Goodbye");
pub(super) const DONE: Reply = Reply::new(250, "2.0.0 OK");
pub(super) const SENDER_OK: Reply = Reply::new(250, "2.1.0 Sender OK");
pub(super) const RECIPIENT_OK: Reply = Reply::new(250, "2.1.5 Recipient OK");
pub(super) const STORED: Reply = Reply::new(250, "2.0.0 Message stored");
pub(super) const CANNOT_VERIFY: Reply = Reply::new(252, "2.5.0 Cannot verify; send and see");
pub(super) const SEND_MESSAGE: Reply = Reply::new(354, "Send the message, end it with <CRLF>.<CRLF>");

pub(super) const SHUTTING_DOWN: Reply = Reply::new(421, "4.3.2 Shutting down; try again");
pub(super) const TOO_SLOW: Reply = Reply::new(421, "4.4.2 Too slow; closing the connection");
pub(super) const TOO_MANY_ERRORS: Reply = Reply::new(421, "4.7.0 Too many errors; closing the connection");
pub(super) const TOO_MANY_CONNECTIONS: Reply = Reply::new(421, "4.7.0 Too many connections; try again later");
pub(super) const TRY_LATER: Reply = Reply::new(451, "4.3.0 Cannot do this now; try again later");
pub(super) const NOT_STORED_IN_TIME: Reply = Reply::new(451, "4.3.0 Not stored in time; send the message again later");
pub(super) const NO_MEMORY: Reply = Reply::new(452, "4.3.1 Too many messages at once; try again later");
pub(super) const TOO_MANY_RECIPIENTS: Reply = Reply::new(452, "4.5.3 Too many recipients");

pub(super) const UNKNOWN_COMMAND: Reply = Reply::new(500, "5.5.1 Unknown command");
pub(super) const NOT_ASCII: Reply = Reply::new(500, "5.5.2 Commands are printable ASCII");
pub(super) const COMMAND_TOO_LONG: Reply = Reply::new(500, "5.5.2 Command line too long");
pub(super) const NO_ARGUMENT_ALLOWED: Reply = Reply::new(501, "5.5.4 This command takes no argument");
pub(super) const NAME_NEEDED: Reply = Reply::new(501, "5.5.4 Say who you are: EHLO your.host.name");
pub(super) const BAD_MAIL_SYNTAX: Reply = Reply::new(501, "5.5.4 Syntax: MAIL FROM:<address> [SIZE=n] [BODY=8BITMIME]");
pub(super) const BAD_RCPT_SYNTAX: Reply = Reply::new(501, "5.5.4 Syntax: RCPT TO:<address>");
pub(super) const BAD_PARAMETER_VALUE: Reply = Reply::new(501, "5.5.4 Bad value of SIZE or BODY");
pub(super) const NOT_IMPLEMENTED: Reply = Reply::new(502, "5.5.1 Command not offered");
pub(super) const HELLO_FIRST: Reply = Reply::new(503, "5.5.1 Say EHLO first");
pub(super) const MAIL_FIRST: Reply = Reply::new(503, "5.5.1 MAIL first");
pub(super) const RCPT_FIRST: Reply = Reply::new(503, "5.5.1 No accepted recipient: RCPT first");
pub(super) const NESTED_MAIL: Reply = Reply::new(503, "5.5.1 One sender only; RSET begins anew");
pub(super) const TLS_ALREADY: Reply = Reply::new(503, "5.5.1 TLS is on already");
pub(super) const BARE_LINE_END: Reply = Reply::new(521, "5.5.2 Lines end with <CRLF>; a bare CR or LF is not accepted");
pub(super) const TALKED_TOO_EARLY: Reply = Reply::new(521, "5.5.1 Wait for the reply before you go on");
pub(super) const NO_SUCH_MAILBOX: Reply = Reply::new(550, "5.1.1 No such mailbox here");
pub(super) const NO_RELAYING: Reply = Reply::new(550, "5.7.1 Nothing is relayed here");
pub(super) const MESSAGE_TOO_LARGE: Reply = Reply::new(552, "5.3.4 Message too large");
pub(super) const ADDRESS_NOT_ASCII: Reply = Reply::new(553, "5.6.7 Addresses are ASCII; SMTPUTF8 is not offered");
pub(super) const BAD_SENDER: Reply = Reply::new(553, "5.1.7 Not an address");
pub(super) const BAD_RECIPIENT: Reply = Reply::new(553, "5.1.3 Not an address");
pub(super) const LINE_TOO_LONG: Reply = Reply::new(554, "5.6.0 A line of the message is too long");
pub(super) const HEADERS_TOO_LARGE: Reply = Reply::new(554, "5.6.0 Too many or too large header fields");
pub(super) const MAIL_LOOP: Reply = Reply::new(554, "5.4.6 Too many Received fields: the message runs in circles");
pub(super) const UNKNOWN_PARAMETER: Reply = Reply::new(555, "5.5.4 Unknown parameter");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lines_but_the_last_carry_a_hyphen() {
        let mut wire = Vec::new();
        Reply::custom(250, "mx\nSIZE 9\nHELP".into()).write_to(&mut wire);
        assert_eq!(String::from_utf8(wire).unwrap(), "250-mx\r\n250-SIZE 9\r\n250 HELP\r\n");
    }
}
