//! Mail addresses of accounts.

use std::fmt;
use std::str::FromStr;

/// A mail address in lower case: `local@domain`, ASCII, without quotes or comments (RFC 5321, section 4.1.2,
/// `Dot-string` and `Domain` only: what else is allowed there, mailers read differently).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Box<str>);

impl Address {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        match lower.rsplit_once('@') {
            Some((local, domain)) if is_local(local) && is_domain(domain) => Ok(Self(lower.into())),
            _ => Err(format!(
                "{} is not a mail address: use name@domain, such as help@acme.example",
                crate::suggest::quoted(text)
            )),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local(local: &str) -> bool {
    let is_atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    local.len() <= 64
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    domain.len() <= 253 && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_no_difference() {
        assert_eq!("Help@ACME.example".parse::<Address>(), "help@acme.example".parse());
    }

    #[test]
    fn what_mailers_read_differently_is_refused() {
        for good in ["a@b", "first.last+tag@mail.acme.example", "o'neil@acme.example"] {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "help",
            "@acme",
            "help@",
            "a@b@c",
            "a b@c",
            "\"a b\"@c",
            ".a@b",
            "a..b@c",
            "a@b..c",
            "a@-b",
            "ä@b",
            "a@ü.de",
            "<a@b>",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
