//! What ingest's secret is used for: keyed hashes and signed tokens.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tandem_domain::{ConversationId, DeskId, MessageId};
use uuid::Uuid;

/// Bytes of a conversation's id and of the signature in a token: 80 bits that can only be guessed by asking us.
const ID: usize = 16;
const SIGNATURE: usize = 10;
/// Characters of a token. With `+t` before it, 20 more fit into a local part of 64.
const TOKEN_CHARS: usize = 42;

/// Ingest's secret. Whoever has it can join any conversation.
#[derive(Clone)]
pub struct MailSecret(Hmac<Sha256>);

impl MailSecret {
    /// From the secret's bytes, at best 32 random ones.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    /// A keyed hash for one purpose over some fields. Purposes and fields are kept apart: `("a", "bc")` gives another
    /// hash than `("ab", "c")`.
    #[must_use]
    pub fn keyed_hash(&self, purpose: &str, fields: &[&[u8]]) -> [u8; 32] {
        self.hash(purpose, fields).finish()
    }

    /// Whether `beginning` is how the keyed hash for this purpose over these fields begins; in constant time.
    pub(crate) fn verifies(&self, purpose: &str, fields: &[&[u8]], beginning: &[u8]) -> bool {
        self.hash(purpose, fields).verifies(beginning)
    }

    /// Begins a keyed hash that is fed on.
    pub(super) fn hash(&self, purpose: &str, fields: &[&[u8]]) -> KeyedHash {
        let mut hash = KeyedHash(self.0.clone());
        for field in std::iter::once(&purpose.as_bytes()).chain(fields) {
            // The length keeps fields apart.
            hash.add(&(field.len() as u64).to_be_bytes());
            hash.add(field);
        }
        hash
    }

    /// The token with which `recipient` (in lower case) joins the conversation by answering. It is
    /// carried in the address to answer to, `support+t<token>@…`, and in our Message-IDs.
    #[must_use]
    pub fn token(&self, desk: &DeskId, conversation: ConversationId, recipient: &str) -> String {
        let signature = self.token_hash(desk, conversation, recipient).finish();
        encode(conversation, &signature)
    }

    /// The conversation that a token opens to `sender` (in lower case), if it was given to just that sender.
    #[must_use]
    pub fn verify_token(&self, desk: &DeskId, token: &str, sender: &str) -> Option<ConversationId> {
        let (conversation, signature) = decode(token)?;
        self.token_hash(desk, conversation, sender)
            .verifies(&signature)
            .then_some(conversation)
    }

    fn token_hash(&self, desk: &DeskId, conversation: ConversationId, recipient: &str) -> KeyedHash {
        self.hash(
            "token",
            &[
                desk.as_str().as_bytes(),
                conversation.0.as_bytes(),
                recipient.as_bytes(),
            ],
        )
    }

    /// A Message-ID (without angle brackets) for a mail of ours: it carries the recipient's token, and a seal by
    /// which we know it again, in bounces and when it comes back in a loop.
    #[must_use]
    pub fn message_id(&self, desk: &DeskId, token: &str, unique: Uuid, domain: &str) -> String {
        let unique = unique.simple().to_string();
        let seal = self.seal_hash(desk, token, &unique).finish();
        let seal = BASE32_NOPAD.encode(&seal[..SIGNATURE]).to_ascii_lowercase();
        format!("{token}.{unique}.{seal}@{domain}")
    }

    /// The conversation to which a Message-ID of ours belongs; none if it is not of our making.
    #[must_use]
    pub fn own_conversation(&self, desk: &DeskId, message_id: &str) -> Option<ConversationId> {
        let (local, _) = message_id.split_once('@')?;
        let [token, unique, seal] = local.split('.').collect::<Vec<_>>()[..] else {
            return None;
        };
        let seal = BASE32_NOPAD.decode(seal.to_ascii_uppercase().as_bytes()).ok()?;
        let seal: [u8; SIGNATURE] = seal.try_into().ok()?;
        let (conversation, _) = decode(token)?;
        self.seal_hash(desk, token, unique)
            .verifies(&seal)
            .then_some(conversation)
    }

    /// The answer of ours that a Message-ID of ours was given to; none if it is not of our making.
    #[must_use]
    pub fn own_message(&self, desk: &DeskId, message_id: &str) -> Option<MessageId> {
        self.own_conversation(desk, message_id)?;
        let unique = message_id.split('.').nth(1)?;
        Uuid::try_parse(unique).ok().map(MessageId)
    }

    /// The token in the return path of an answer, `support+t<token>@…`: whoever returns the mail names the answer by it,
    /// even without returning any of its header fields.
    #[must_use]
    pub fn bounce_token(&self, desk: &DeskId, message: MessageId) -> String {
        encode(ConversationId(message.0), &self.bounce_hash(desk, message).finish())
    }

    /// The answer that a return path's token was made for.
    #[must_use]
    pub fn verify_bounce_token(&self, desk: &DeskId, token: &str) -> Option<MessageId> {
        let (id, signature) = decode(token)?;
        let message = MessageId(id.0);
        self.bounce_hash(desk, message).verifies(&signature).then_some(message)
    }

    fn bounce_hash(&self, desk: &DeskId, message: MessageId) -> KeyedHash {
        self.hash("bounce", &[desk.as_str().as_bytes(), message.0.as_bytes()])
    }

    fn seal_hash(&self, desk: &DeskId, token: &str, unique: &str) -> KeyedHash {
        self.hash("seal", &[desk.as_str().as_bytes(), token.as_bytes(), unique.as_bytes()])
    }
}

/// Splits `support+t<token>@acme.example` into `support@acme.example` and the token; any other
/// address comes back as it is.
#[must_use]
pub fn split_token(address: &str) -> (String, Option<&str>) {
    let tagged = || {
        let (local, domain) = address.split_once('@')?;
        let (base, token) = local.rsplit_once("+t")?;
        (token.len() == TOKEN_CHARS).then(|| (format!("{base}@{domain}"), Some(token)))
    };
    tagged().unwrap_or_else(|| (address.to_owned(), None))
}

/// The token in one of our Message-IDs. It proves nothing before it is verified.
pub(super) fn token_in(message_id: &str) -> Option<&str> {
    let (local, _) = message_id.split_once('@')?;
    let (token, _) = local.split_once('.')?;
    (token.len() == TOKEN_CHARS).then_some(token)
}

/// Base32, because mail systems change the case of addresses.
fn encode(conversation: ConversationId, signature: &[u8; 32]) -> String {
    let bytes = [conversation.0.as_bytes(), &signature[..SIGNATURE]].concat();
    BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

fn decode(token: &str) -> Option<(ConversationId, [u8; SIGNATURE])> {
    let bytes = BASE32_NOPAD.decode(token.to_ascii_uppercase().as_bytes()).ok()?;
    let (id, signature) = bytes.split_first_chunk::<ID>()?;
    Some((ConversationId(Uuid::from_bytes(*id)), signature.try_into().ok()?))
}

/// A keyed hash that is still being fed.
pub(super) struct KeyedHash(Hmac<Sha256>);

impl KeyedHash {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into_bytes().into()
    }

    /// Compares with the beginning of a hash, in constant time.
    fn verifies(self, beginning: &[u8]) -> bool {
        self.0.verify_truncated_left(beginning).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMER: &str = "ann@customer.example";

    fn desk(key: &str) -> DeskId {
        key.parse().unwrap()
    }

    fn conversation(number: u128) -> ConversationId {
        ConversationId(Uuid::from_u128(number))
    }

    #[test]
    fn a_token_opens_one_conversation_of_one_desk_to_one_person() {
        let secret = MailSecret::new(b"secret");
        let token = secret.token(&desk("acme"), conversation(7), CUSTOMER);
        let opens =
            |secret: &MailSecret, of: &str, token: &str, sender: &str| secret.verify_token(&desk(of), token, sender);
        assert_eq!(token.len(), TOKEN_CHARS);
        assert_eq!(opens(&secret, "acme", &token, CUSTOMER), Some(conversation(7)));
        assert_eq!(
            opens(&secret, "acme", &token.to_uppercase(), CUSTOMER),
            Some(conversation(7))
        );
        assert_eq!(opens(&secret, "acme", &token, "eve@customer.example"), None);
        assert_eq!(opens(&secret, "other", &token, CUSTOMER), None);
        assert_eq!(opens(&MailSecret::new(b"guess"), "acme", &token, CUSTOMER), None);
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let secret = MailSecret::new(b"secret");
        let token = secret.token(&desk("acme"), conversation(7), CUSTOMER);
        for at in 0..token.len() {
            let mut forged = token.clone();
            let other = if &token[at..=at] == "a" { "b" } else { "a" };
            forged.replace_range(at..=at, other);
            assert_eq!(
                secret.verify_token(&desk("acme"), &forged, CUSTOMER),
                None,
                "character {at}"
            );
        }
        for odd in ["", "a", "ü", &token[1..], &(token.clone() + "a")] {
            assert_eq!(secret.verify_token(&desk("acme"), odd, CUSTOMER), None, "{odd}");
        }
    }

    #[test]
    fn our_message_ids_are_known_again_and_no_others() {
        let secret = MailSecret::new(b"secret");
        let token = secret.token(&desk("acme"), conversation(7), CUSTOMER);
        let id = secret.message_id(&desk("acme"), &token, Uuid::from_u128(9), "acme.example");
        assert_eq!(secret.own_conversation(&desk("acme"), &id), Some(conversation(7)));
        assert_eq!(secret.own_conversation(&desk("other"), &id), None);
        assert_eq!(token_in(&id), Some(token.as_str()));
        let other_unique = id.replace("00000009", "00000008");
        for foreign in ["", "a@b", "a.b.c@d", other_unique.as_str()] {
            assert_eq!(secret.own_conversation(&desk("acme"), foreign), None, "{foreign}");
        }
    }

    #[test]
    fn an_answer_is_known_again_by_its_return_path_and_its_message_id() {
        let secret = MailSecret::new(b"secret");
        let (acme, message) = (desk("acme"), MessageId(Uuid::from_u128(9)));
        let token = secret.bounce_token(&acme, message);
        assert_eq!(split_token(&format!("help+t{token}@a.example")).1, Some(token.as_str()));
        assert_eq!(secret.verify_bounce_token(&acme, &token), Some(message));
        assert_eq!(secret.verify_bounce_token(&acme, &token.to_uppercase()), Some(message));
        assert_eq!(secret.verify_bounce_token(&desk("other"), &token), None);
        assert_eq!(MailSecret::new(b"guess").verify_bounce_token(&acme, &token), None);
        // Neither kind of token does for the other.
        assert_eq!(secret.verify_token(&acme, &token, CUSTOMER), None);
        let open = secret.token(&acme, ConversationId(message.0), CUSTOMER);
        assert_eq!(secret.verify_bounce_token(&acme, &open), None);
        let id = secret.message_id(&acme, &open, message.0, "acme.example");
        assert_eq!(secret.own_message(&acme, &id), Some(message));
        assert_eq!(secret.own_message(&desk("other"), &id), None);
    }

    #[test]
    fn a_token_is_split_off_its_address() {
        let token = "a".repeat(TOKEN_CHARS);
        assert_eq!(
            split_token(&format!("help+t{token}@a.example")),
            ("help@a.example".into(), Some(token.as_str()))
        );
        for plain in ["help@a.example", "help+team@a.example", "help+t@a.example", "help"] {
            assert_eq!(split_token(plain), (plain.to_owned(), None));
        }
    }
}
