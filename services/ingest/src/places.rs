//! How many connections there may be, in all and of each holder: the same for mail and chats.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many connections there may be, in all and of each holder.
pub(crate) struct Places<H: Holder> {
    all: Arc<Semaphore>,
    each: usize,
    taken: Mutex<HashMap<H, usize>>,
}

/// Who holds places: an address, a visitor.
pub(crate) trait Holder: Clone + Eq + Hash + Send {}
impl<H: Clone + Eq + Hash + Send> Holder for H {}

/// One connection's place; free again when dropped.
pub(crate) struct Place<H: Holder> {
    places: Arc<Places<H>>,
    holder: H,
    _one_of_all: OwnedSemaphorePermit,
}

impl<H: Holder> Places<H> {
    /// So many places in all, and so many for each holder.
    pub(crate) fn new(all: usize, each: usize) -> Arc<Self> {
        let all = Arc::new(Semaphore::new(all.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self {
            all,
            each,
            taken: Mutex::default(),
        })
    }

    /// A place for `holder`, unless there are too many.
    pub(crate) fn take(self: &Arc<Self>, holder: H) -> Option<Place<H>> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(holder.clone()).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Place {
            places: Arc::clone(self),
            holder,
            _one_of_all: one_of_all,
        })
    }
}

impl<H: Holder> Drop for Place<H> {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.holder);
            }
        }
    }
}

/// Whom an address belongs to: an IPv6 customer has a whole /64.
pub(crate) fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (!0 << 64)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn places_are_limited_in_all_and_for_each_and_given_back() {
        let places = Places::new(3, 2);
        let by = |text: &str| network(ip(text));
        let first = places.take(by("192.0.2.1")).unwrap();
        let _second = places.take(by("192.0.2.1")).unwrap();
        assert!(
            places.take(by("::ffff:192.0.2.1")).is_none(),
            "the same peer, written differently"
        );
        let _third = places.take(by("2001:db8::1")).unwrap();
        assert!(places.take(by("198.51.100.1")).is_none(), "one too many in all");
        drop(first);
        assert!(places.take(by("192.0.2.1")).is_some());
    }

    #[test]
    fn an_ipv6_peer_is_its_whole_network() {
        assert_eq!(network(ip("2001:db8:0:1:2:3:4:5")), ip("2001:db8:0:1::"));
    }
}
