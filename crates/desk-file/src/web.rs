//! Addresses on the web: the sites that may embed a chat, and the webhooks of contacts.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::suggest::quoted;

/// Longer addresses are refused by some servers on the way.
const LONGEST: usize = 2048;

/// Where a page comes from, exactly as browsers write it in the `Origin` header (RFC 6454): scheme, host in
/// lower case and punycode, and the port unless it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(Box<str>);

impl Origin {
    /// The origin as it stands in the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = "use https://host or https://host:port, such as https://www.acme.example";
        let url = encrypted(text, wanted)?;
        let canonical = url.origin().ascii_serialization();
        if canonical == text {
            Ok(Self(canonical.into()))
        } else {
            Err(format!(
                "{} is not the way in which browsers write an origin: use `{canonical}`",
                quoted(text)
            ))
        }
    }
}

/// Reads a webhook's address.
pub(crate) fn webhook(text: &str) -> Result<Url, String> {
    let url = encrypted(text, "use https://host/path")?;
    if url.fragment().is_some() {
        return Err(format!(
            "{} has a `#` part, which is never sent: leave it away",
            quoted(text)
        ));
    }
    Ok(url)
}

/// An address under https; within this machine, where nobody else listens, http will do.
fn encrypted(text: &str, wanted: &str) -> Result<Url, String> {
    let not = |what: &str| format!("{} {what}: {wanted}", quoted(text));
    let is_plain = text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
    let url = Url::parse(text).ok().filter(|url| is_plain && url.has_host());
    let url = url.ok_or_else(|| not("is not a web address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(not("carries a name or password"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(not("is not encrypted (http is for loopback only)")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in [
            "https://www.acme.example",
            "https://acme.example:8443",
            "http://localhost:3000",
            "http://127.0.0.1:7480",
            "http://[::1]:7480",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(
                good.parse::<Origin>().map(|origin| origin.to_string()),
                Ok(good.to_owned())
            );
        }
    }

    #[test]
    fn another_way_to_write_an_origin_is_refused_with_the_right_one() {
        for (bad, better) in [
            ("https://www.acme.example/", "use `https://www.acme.example`"),
            ("https://WWW.acme.example", "use `https://www.acme.example`"),
            ("https://www.acme.example:443", "use `https://www.acme.example`"),
            ("https://www.acme.example/chat?x", "use `https://www.acme.example`"),
            ("http://www.acme.example", "not encrypted"),
            ("www.acme.example", "not a web address"),
            ("*", "not a web address"),
            ("null", "not a web address"),
            ("https://", "not a web address"),
            ("ftp://acme.example", "not encrypted"),
            ("https://me:secret@acme.example", "name or password"),
            ("https://bücher.example", "not a web address"),
        ] {
            let refusal = bad.parse::<Origin>().unwrap_err();
            assert!(refusal.contains(better), "{bad}: {refusal}");
        }
    }

    #[test]
    fn a_webhook_is_encrypted_unless_it_stays_on_this_machine() {
        for good in [
            "https://hooks.acme.example/a?b=c",
            "http://127.0.0.1:9/hook",
            "http://localhost/",
        ] {
            assert!(webhook(good).is_ok(), "{good}");
        }
        for bad in [
            "http://hooks.acme.example/a",
            "http://10.0.0.7/a",
            "http://localhost.evil.example/",
            "https://a:b@hooks.acme.example",
            "https://hooks.acme.example/#x",
            "https://hooks.acme.example/a b",
            "file:///etc/passwd",
            "",
        ] {
            assert!(webhook(bad).is_err(), "{bad}");
        }
    }
}
