//! Customers as the router knows them: keyed hashes, from which nobody gets back to an address.

use tandem_domain::{CustomerId, DeskId};
use uuid::Builder;

use crate::mail::{Address, MailSecret};

/// Whoever writes from an address, in any case of it; none without one.
pub(crate) fn by_address(secret: &MailSecret, desk: &DeskId, from: Option<&Address>) -> Option<CustomerId> {
    let address = from?.address.as_deref()?.trim().to_lowercase();
    let fields = [desk.as_str().as_bytes(), address.as_bytes()];
    (!address.is_empty()).then(|| id(&secret.keyed_hash("customer", &fields)))
}

/// Whom another system calls so. Systems share no names.
pub(crate) fn by_key(secret: &MailSecret, desk: &DeskId, caller: &str, key: &str) -> CustomerId {
    let fields = [desk.as_str().as_bytes(), caller.as_bytes(), key.as_bytes()];
    id(&secret.keyed_hash("customer key", &fields))
}

/// 122 bits of a hash are enough that no two customers meet.
fn id(hash: &[u8; 32]) -> CustomerId {
    let (bytes, _) = hash.split_first_chunk().expect("16 of 32 bytes");
    CustomerId(Builder::from_custom_bytes(*bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk(key: &str) -> DeskId {
        key.parse().unwrap()
    }

    fn address(text: &str) -> Address {
        Address {
            name: None,
            address: Some(text.to_owned()),
        }
    }

    #[test]
    fn an_address_is_one_customer_in_any_case_and_with_any_name() {
        let secret = MailSecret::new(b"secret");
        let of = |address: &Address| by_address(&secret, &desk("acme"), Some(address));
        let ann = of(&address("ann@customer.example"));
        let named = Address {
            name: Some("Ann".to_owned()),
            ..address(" Ann@Customer.Example ")
        };
        assert!(ann.is_some());
        assert_eq!(of(&named), ann);
        assert_ne!(of(&address("eve@customer.example")), ann);
    }

    #[test]
    fn who_gives_no_address_is_nobody() {
        let secret = MailSecret::new(b"secret");
        let nobody = Address {
            name: Some("Ann".to_owned()),
            address: None,
        };
        for from in [None, Some(&nobody), Some(&address(" "))] {
            assert_eq!(by_address(&secret, &desk("acme"), from), None);
        }
    }

    #[test]
    fn desks_secrets_and_systems_keep_customers_apart() {
        let (secret, ann) = (MailSecret::new(b"secret"), address("ann@customer.example"));
        let of = |secret: &MailSecret, of: &str| by_address(secret, &desk(of), Some(&ann));
        assert_ne!(of(&secret, "acme"), of(&secret, "globex"));
        assert_ne!(of(&secret, "acme"), of(&MailSecret::new(b"other"), "acme"));
        let key = |caller: &str, key: &str| by_key(&secret, &desk("acme"), caller, key);
        assert_eq!(key("crm", "4711"), key("crm", "4711"));
        assert_ne!(key("crm", "4711"), key("shop", "4711"));
        assert_ne!(key("crm", "4711"), key("crm", "4712"));
    }

    #[test]
    fn nothing_of_the_address_is_in_the_id() {
        let secret = MailSecret::new(b"secret");
        let id = by_address(&secret, &desk("acme"), Some(&address("ann@customer.example"))).unwrap();
        assert!(!id.to_string().contains("ann") && id.0.get_version_num() == 8);
    }
}
