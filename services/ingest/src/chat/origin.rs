//! Which pages may open a socket, and under which names this server is reached.
//!
//! A socket carries no cookie: nothing is done in a visitor's name that the page does not know a token for. The
//! rules below still keep strange pages out, so that nobody chats as a desk's site.

use std::net::IpAddr;

use http::uri::Authority;
use tandem_desk_file::Origin;

/// Names under which the page is reached.
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// These names, beside the loopback's.
    pub(super) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether a request with this `Host` was meant for this server. A page of somebody else whose name was made to
    /// point here (DNS rebinding) still says its own name.
    pub(super) fn contains(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        is_loopback(authority.host()) || self.0.contains(&host.to_ascii_lowercase())
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a page of `origin` may open a socket at an account that allows `allowed`, on a server that it calls `host`:
/// a page of this server may, and those that the account names.
pub(super) fn may_open(origin: &str, host: &str, allowed: &[Origin]) -> bool {
    let own = origin
        .split_once("://")
        .is_some_and(|(scheme, authority)| matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host));
    own || allowed.iter().any(|allowed| allowed.as_str() == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_page_and_the_accounts_sites_may_open_sockets() {
        let allowed = ["https://shop.acme.example".parse().unwrap()];
        for good in [
            "https://shop.acme.example",
            "https://chat.acme.example",
            "http://chat.acme.example",
        ] {
            assert!(may_open(good, "chat.acme.example", &allowed), "{good}");
        }
        let bad = [
            "",
            "null",
            "https://evil.example",
            "http://shop.acme.example",
            "https://shop.acme.example.evil.example",
            "https://shop.acme.example:8443",
            "https://shop.acme.example/",
            "https://chat.acme.example:81",
            "https://evil.example/chat.acme.example",
            "file://chat.acme.example",
            "chat.acme.example",
            "://chat.acme.example",
        ];
        for bad in bad {
            assert!(!may_open(bad, "chat.acme.example", &allowed), "{bad}");
        }
    }

    #[test]
    fn strange_names_do_not_lead_here() {
        let hosts = Hosts::new(&["Chat.acme.example".to_owned()]);
        for good in [
            "chat.ACME.example",
            "localhost:7480",
            "127.0.0.1:1",
            "[::1]:80",
            "127.9.9.9",
        ] {
            assert!(hosts.contains(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "chat.acme.example:81",
            "localhost.evil.example",
            "10.0.0.1",
            "a b",
            "127.0.0.1.evil.example",
        ] {
            assert!(!hosts.contains(bad), "{bad}");
        }
    }
}
