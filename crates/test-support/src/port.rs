//! Ports for servers that tests start.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below what systems hand out to outgoing connections, so that a port stays free while its server restarts.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// A loopback port on which nobody listens, another one with each call.
///
/// # Panics
/// If none of the range is free.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Tests run as processes side by side: each begins elsewhere in the range.
    let offset = std::process::id().wrapping_mul(31);
    (0..COUNT)
        .map(|_| FIRST + offset.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of twelve thousand ports is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_port_is_free_and_another_one() {
        let (one, other) = (free_port(), free_port());
        assert_ne!(one, other);
        let _one = TcpListener::bind((Ipv4Addr::LOCALHOST, one)).expect("free");
        let _other = TcpListener::bind((Ipv4Addr::LOCALHOST, other)).expect("free");
    }
}
