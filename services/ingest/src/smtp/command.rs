//! Reads one command line.

use super::reply::{self, Reply};

/// A command that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// HELO or, if extended, EHLO.
    Hello {
        name: String,
        extended: bool,
    },
    Mail {
        /// None: `<>`.
        from: Option<String>,
        /// The announced size in bytes.
        size: Option<u64>,
    },
    Rcpt {
        /// In lower case.
        to: String,
    },
    Data,
    StartTls,
    Reset,
    Noop,
    Quit,
    Verify,
    Help,
}

/// Longest command line without parameters, CR LF not counted (RFC 5321, 4.5.3.1.4).
const PLAIN_LINE: usize = 510;
/// Longest path, angle brackets counted (RFC 5321, 4.5.3.1.3).
const PATH: usize = 256;

pub(super) fn parse(line: &[u8]) -> Result<Command, Reply> {
    let verb_end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
    let verb = line[..verb_end].to_ascii_uppercase();
    let with_path = matches!(&*verb, b"MAIL" | b"RCPT");
    if !line.iter().all(|b| (b' '..=b'~').contains(b)) {
        let only_high = line.iter().all(|b| *b >= b' ' && *b != 0x7f);
        return Err(if with_path && only_high {
            reply::ADDRESS_NOT_ASCII
        } else {
            reply::NOT_ASCII
        });
    }
    if line.len() > PLAIN_LINE && !with_path {
        return Err(reply::COMMAND_TOO_LONG);
    }
    let argument = str::from_utf8(&line[verb_end..]).map_err(|_| reply::NOT_ASCII)?.trim();
    match &*verb {
        b"HELO" => hello(argument, false),
        b"EHLO" => hello(argument, true),
        b"MAIL" => mail(argument),
        b"RCPT" => rcpt(argument),
        b"DATA" => alone(Command::Data, argument),
        b"STARTTLS" => alone(Command::StartTls, argument),
        b"RSET" => alone(Command::Reset, argument),
        b"QUIT" => alone(Command::Quit, argument),
        b"NOOP" => Ok(Command::Noop),
        b"VRFY" => Ok(Command::Verify),
        b"HELP" => Ok(Command::Help),
        b"AUTH" | b"BDAT" | b"ETRN" | b"EXPN" | b"SAML" | b"SEND" | b"SOML" | b"TURN" => Err(reply::NOT_IMPLEMENTED),
        _ => Err(reply::UNKNOWN_COMMAND),
    }
}

fn alone(command: Command, argument: &str) -> Result<Command, Reply> {
    if argument.is_empty() {
        Ok(command)
    } else {
        Err(reply::NO_ARGUMENT_ALLOWED)
    }
}

fn hello(argument: &str, extended: bool) -> Result<Command, Reply> {
    if argument.is_empty() || argument.contains(' ') {
        return Err(reply::NAME_NEEDED);
    }
    Ok(Command::Hello {
        name: argument.to_owned(),
        extended,
    })
}

fn mail(argument: &str) -> Result<Command, Reply> {
    let rest = after_keyword(argument, "FROM:").ok_or(reply::BAD_MAIL_SYNTAX)?;
    let (path, parameters) = split_path(rest).ok_or(reply::BAD_MAIL_SYNTAX)?;
    let mut size = None;
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
            ("SIZE", digits) => size = Some(parse_size(digits)?),
            ("BODY", "7BIT" | "8BITMIME") => {}
            ("BODY", _) => return Err(reply::BAD_PARAMETER_VALUE),
            _ => return Err(reply::UNKNOWN_PARAMETER),
        }
    }
    if path.is_empty() {
        return Ok(Command::Mail { from: None, size });
    }
    let (local, domain) = split_address(path).ok_or(reply::BAD_SENDER)?;
    Ok(Command::Mail {
        from: Some(format!("{local}@{domain}")),
        size,
    })
}

fn parse_size(digits: &str) -> Result<u64, Reply> {
    let all_digits = !digits.is_empty() && digits.len() <= 20 && digits.bytes().all(|b| b.is_ascii_digit());
    if !all_digits {
        return Err(reply::BAD_PARAMETER_VALUE);
    }
    // 20 digits may exceed the type; that is too large in any case.
    Ok(digits.parse().unwrap_or(u64::MAX))
}

fn rcpt(argument: &str) -> Result<Command, Reply> {
    let rest = after_keyword(argument, "TO:").ok_or(reply::BAD_RCPT_SYNTAX)?;
    let (path, parameters) = split_path(rest).ok_or(reply::BAD_RCPT_SYNTAX)?;
    if !parameters.is_empty() {
        return Err(reply::UNKNOWN_PARAMETER);
    }
    if path.starts_with('@') {
        return Err(reply::NO_RELAYING);
    }
    let (local, _) = split_address(path).ok_or(reply::BAD_RECIPIENT)?;
    if local.contains(['%', '!', '@']) {
        return Err(reply::NO_RELAYING);
    }
    Ok(Command::Rcpt {
        to: path.to_ascii_lowercase(),
    })
}

fn after_keyword<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, rest) = argument.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword).then(|| rest.trim_start())
}

/// `<path> parameters`, where the path may have a quoted local part with `>` in it.
fn split_path(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let end = unquoted(inside).find(|(_, c)| *c == '>').map(|(at, _)| at)?;
    let (path, rest) = (&inside[..end], &inside[end + 1..]);
    let parameters_apart = rest.is_empty() || rest.starts_with(' ');
    (parameters_apart && path.len() + 2 <= PATH).then(|| (path, rest.trim()))
}

/// Local part and domain; neither is empty, and no character is where it cannot be.
fn split_address(path: &str) -> Option<(&str, &str)> {
    // `@relay:user@host`: the route is obsolete and means nothing (RFC 5321, appendix C).
    let path = if path.starts_with('@') {
        path.split_once(':')?.1
    } else {
        path
    };
    let at = unquoted(path).filter(|(_, c)| *c == '@').last().map(|(at, _)| at)?;
    let (local, domain) = (&path[..at], &path[at + 1..]);
    let stray = |(_, c): (usize, char)| matches!(c, ' ' | '<' | '>' | '(' | ')' | ',' | ';' | '\\');
    let well_formed = !local.is_empty()
        && !domain.is_empty()
        && !unquoted(local).any(stray)
        && domain
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b));
    well_formed.then_some((local, domain))
}

/// The characters outside quoted strings, with their places.
fn unquoted(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().filter(move |(_, c)| {
        let outside = !quoted && *c != '"';
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        outside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Command {
        Command::Mail {
            from: Some(address.into()),
            size: None,
        }
    }

    fn to(address: &str) -> Command {
        Command::Rcpt { to: address.into() }
    }

    #[test]
    fn commands_are_read_in_any_case() {
        let hello = |name: &str, extended| {
            Ok(Command::Hello {
                name: name.into(),
                extended,
            })
        };
        for (line, expected) in [
            ("ehlo a.example", hello("a.example", true)),
            ("Helo [127.0.0.1]", hello("[127.0.0.1]", false)),
            ("data", Ok(Command::Data)),
            ("NOOP whatever", Ok(Command::Noop)),
            ("VRFY postmaster", Ok(Command::Verify)),
            ("HELP MAIL", Ok(Command::Help)),
            ("QUIT ", Ok(Command::Quit)),
            ("EHLO", Err(reply::NAME_NEEDED)),
            ("EHLO a b", Err(reply::NAME_NEEDED)),
            ("DATA now", Err(reply::NO_ARGUMENT_ALLOWED)),
            ("BDAT 5 LAST", Err(reply::NOT_IMPLEMENTED)),
            ("AUTH PLAIN", Err(reply::NOT_IMPLEMENTED)),
            ("GET / HTTP/1.1", Err(reply::UNKNOWN_COMMAND)),
            ("", Err(reply::UNKNOWN_COMMAND)),
            ("EHLO a\tb", Err(reply::NOT_ASCII)),
            ("EHLO m\u{fc}nchen.example", Err(reply::NOT_ASCII)),
        ] {
            assert_eq!(parse(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(parse(b"NOOP \0"), Err(reply::NOT_ASCII));
        assert_eq!(
            parse(format!("NOOP {}", "x".repeat(600)).as_bytes()),
            Err(reply::COMMAND_TOO_LONG)
        );
    }

    #[test]
    fn senders_are_read_with_their_parameters() {
        for (line, expected) in [
            ("MAIL FROM:<a@b.example>", Ok(from("a@b.example"))),
            ("mail from: <A@B.example>", Ok(from("A@B.example"))),
            ("MAIL FROM:<>", Ok(Command::Mail { from: None, size: None })),
            (
                "MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME",
                Ok(Command::Mail {
                    from: Some("a@b".into()),
                    size: Some(12),
                }),
            ),
            (
                "MAIL FROM:<a@b> size=0 body=7bit",
                Ok(Command::Mail {
                    from: Some("a@b".into()),
                    size: Some(0),
                }),
            ),
            (
                "MAIL FROM:<a@b> SIZE=99999999999999999999",
                Ok(Command::Mail {
                    from: Some("a@b".into()),
                    size: Some(u64::MAX),
                }),
            ),
            ("MAIL FROM:<\"a>b@c\"@d>", Ok(from("\"a>b@c\"@d"))),
            ("MAIL FROM:<\"a\\\" b\"@d>", Ok(from("\"a\\\" b\"@d"))),
            ("MAIL FROM:<@relay.example:a@b>", Ok(from("a@b"))),
            ("MAIL FROM:a@b", Err(reply::BAD_MAIL_SYNTAX)),
            ("MAIL a@b", Err(reply::BAD_MAIL_SYNTAX)),
            ("MAIL FROM:<a@b>SIZE=1", Err(reply::BAD_MAIL_SYNTAX)),
            ("MAIL FROM:<a@b> SIZE=-1", Err(reply::BAD_PARAMETER_VALUE)),
            ("MAIL FROM:<a@b> SIZE=", Err(reply::BAD_PARAMETER_VALUE)),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", Err(reply::BAD_PARAMETER_VALUE)),
            ("MAIL FROM:<a@b> SMTPUTF8", Err(reply::UNKNOWN_PARAMETER)),
            ("MAIL FROM:<a@b> AUTH=<>", Err(reply::UNKNOWN_PARAMETER)),
            ("MAIL FROM:<a b@c>", Err(reply::BAD_SENDER)),
            ("MAIL FROM:<a>", Err(reply::BAD_SENDER)),
            ("MAIL FROM:<@b>", Err(reply::BAD_SENDER)),
            ("MAIL FROM:<m\u{fc}ller@b>", Err(reply::ADDRESS_NOT_ASCII)),
        ] {
            assert_eq!(parse(line.as_bytes()), expected, "{line}");
        }
        let long = format!("MAIL FROM:<{}@b>", "a".repeat(300));
        assert_eq!(parse(long.as_bytes()), Err(reply::BAD_MAIL_SYNTAX));
    }

    #[test]
    fn recipients_are_plain_addresses_and_nothing_is_relayed() {
        for (line, expected) in [
            ("RCPT TO:<Support@Acme.EXAMPLE>", Ok(to("support@acme.example"))),
            ("rcpt to: <a+tag@b>", Ok(to("a+tag@b"))),
            ("RCPT TO:<user%other.example@b>", Err(reply::NO_RELAYING)),
            ("RCPT TO:<other.example!user@b>", Err(reply::NO_RELAYING)),
            ("RCPT TO:<@relay.example:a@b>", Err(reply::NO_RELAYING)),
            ("RCPT TO:<\"a@c\"@b>", Err(reply::NO_RELAYING)),
            ("RCPT TO:<a@c@b>", Err(reply::NO_RELAYING)),
            ("RCPT TO:<a@b> NOTIFY=NEVER", Err(reply::UNKNOWN_PARAMETER)),
            ("RCPT TO:<>", Err(reply::BAD_RECIPIENT)),
            ("RCPT TO:<a>", Err(reply::BAD_RECIPIENT)),
            ("RCPT TO:<a@b,c@d>", Err(reply::BAD_RECIPIENT)),
            ("RCPT TO:a@b", Err(reply::BAD_RCPT_SYNTAX)),
            ("RCPT FROM:<a@b>", Err(reply::BAD_RCPT_SYNTAX)),
            ("RCPT TO:<a@b", Err(reply::BAD_RCPT_SYNTAX)),
        ] {
            assert_eq!(parse(line.as_bytes()), expected, "{line}");
        }
    }
}
