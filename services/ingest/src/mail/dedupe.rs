//! Recognises a message that comes again.

use super::fields::section_end;
use super::secret::MailSecret;

/// Fields that are added on the way, and so differ each time that a message is delivered.
pub(super) const TRACE: [&str; 12] = [
    "received",
    "x-received",
    "received-spf",
    "return-path",
    "delivered-to",
    "x-original-to",
    "x-delivered-to",
    "envelope-to",
    "authentication-results",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
];
/// Beginnings of more such names: what filters on the way thought of it.
const TRACE_PREFIXES: [&str; 2] = ["x-spam-", "x-ms-exchange-"];

/// Whether a field, named in lower case, is one of the trace's.
fn is_trace(name: &str) -> bool {
    TRACE.contains(&name) || TRACE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

impl MailSecret {
    /// The key under which a message is stored once and for ever: a keyed hash of the channel
    /// account and of every byte of the message except its trace fields.
    ///
    /// Message-IDs play no part: in one real collection 12 of them cover 44 different mails, and
    /// who could guess one could have another's mail dropped.
    #[must_use]
    pub fn dedupe_key(&self, account: &str, raw: &[u8]) -> [u8; 32] {
        let (section, body) = raw.split_at(section_end(raw));
        let mut hash = self.hash("dedupe", &[account.as_bytes()]);
        let mut skipping = false;
        for line in section.split_inclusive(|b| *b == b'\n') {
            let continues = matches!(line.first(), Some(b' ' | b'\t'));
            skipping = if continues {
                skipping
            } else {
                is_trace(&field_name(line))
            };
            if !skipping {
                hash.add(line);
            }
        }
        hash.add(body);
        hash.finish()
    }
}

fn field_name(line: &[u8]) -> String {
    let name = line.split(|b| *b == b':').next().unwrap_or_default();
    String::from_utf8_lossy(name).trim_end().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "Subject: a\r\nDate: today\r\n\r\nbody\r\n";

    fn key(raw: &str) -> [u8; 32] {
        MailSecret::new(b"secret").dedupe_key("support", raw.as_bytes())
    }

    #[test]
    fn another_way_here_is_the_same_message() {
        for trace in [
            "Received: from a by b\r\n\tfor c;\r\n today\r\n",
            "RETURN-PATH: <a@b>\r\n",
            "X-Spam-Score: 5\r\n",
            "ARC-Seal : i=1\r\n",
            "Delivered-To: x\r\nX-Received: y\r\n z\r\nAuthentication-Results: mx; spf=pass\r\n",
        ] {
            assert_eq!(key(&format!("{trace}{MAIL}")), key(MAIL), "{trace}");
        }
    }

    #[test]
    fn anything_else_is_another_message() {
        let others = [
            MAIL.replace("body", "Body"),
            MAIL.replace("today", "Today"),
            MAIL.replace("\r\n\r\n", "\r\nX-New: a\r\n\r\n"),
            MAIL.replace("body\r\n", "body"),
            MAIL.replace("body", "Received: in the body\r\nbody"),
            String::new(),
        ];
        for other in others {
            assert_ne!(key(&other), key(MAIL), "{other}");
        }
    }

    #[test]
    fn accounts_and_secrets_keep_messages_apart() {
        let secret = MailSecret::new(b"secret");
        assert_ne!(secret.dedupe_key("sales", MAIL.as_bytes()), key(MAIL));
        assert_ne!(
            MailSecret::new(b"other").dedupe_key("support", MAIL.as_bytes()),
            key(MAIL)
        );
        assert_ne!(secret.dedupe_key("a", b"bc"), secret.dedupe_key("ab", b"c"));
    }
}
