//! The token with which a chat goes on over another socket, on any replica.
//!
//! It is a secret of the visitor's side: whoever has it reads the chat on and writes in it. It travels in frames only,
//! never in an address; it is good for one account, ends with the chat, and names its own end.

use data_encoding::BASE64URL_NOPAD;
use tandem_domain::{AccountId, ConversationId, DeskId, Timestamp};
use uuid::Uuid;

use crate::mail::MailSecret;

/// Bytes of the chat's id, of its end, and of the signature: 160 bits that can only be guessed by asking us.
const ID: usize = 16;
const END: usize = 8;
const SIGNATURE: usize = 20;

/// An account of a desk: where a chat takes entrance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entrance {
    /// The desk.
    pub desk: DeskId,
    /// One of its chat accounts.
    pub account: AccountId,
}

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// The chat: its conversation begins with the visitor's first message, and has this id.
    pub chat: ConversationId,
    /// When the chat is over at the latest.
    pub until: Timestamp,
}

impl Pass {
    /// The token.
    pub(super) fn sign(&self, secret: &MailSecret, entrance: &Entrance) -> String {
        let end = self.until.as_micros().to_be_bytes();
        let signature = secret.keyed_hash(PURPOSE, &fields(entrance, self.chat.0.as_bytes(), &end));
        BASE64URL_NOPAD.encode(&[self.chat.0.as_bytes(), end.as_slice(), &signature[..SIGNATURE]].concat())
    }

    /// Reads a token; none if it was not given for this entrance, or has ended.
    pub(super) fn verify(token: &str, secret: &MailSecret, entrance: &Entrance, now: Timestamp) -> Option<Self> {
        let bytes: [u8; ID + END + SIGNATURE] = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?.try_into().ok()?;
        let (id, rest) = bytes.split_first_chunk::<ID>()?;
        let (end, signature) = rest.split_first_chunk::<END>()?;
        let until = Timestamp::from_micros(i64::from_be_bytes(*end));
        let good = secret.verifies(PURPOSE, &fields(entrance, id, end), signature) && now < until;
        good.then_some(Self {
            chat: ConversationId(Uuid::from_bytes(*id)),
            until,
        })
    }
}

const PURPOSE: &str = "chat";

fn fields<'a>(entrance: &'a Entrance, id: &'a [u8; ID], end: &'a [u8; END]) -> [&'a [u8]; 4] {
    [
        entrance.desk.as_str().as_bytes(),
        entrance.account.as_str().as_bytes(),
        id,
        end,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entrance(desk: &str, account: &str) -> Entrance {
        Entrance {
            desk: desk.parse().unwrap(),
            account: account.parse().unwrap(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn a_token_is_good_at_its_account_until_its_end() {
        let secret = MailSecret::new(b"secret");
        let here = entrance("acme", "widget");
        let pass = Pass {
            chat: ConversationId(Uuid::from_u128(7)),
            until: at(100),
        };
        let token = pass.sign(&secret, &here);
        assert_eq!(Pass::verify(&token, &secret, &here, at(99)), Some(pass));
        assert_eq!(Pass::verify(&token, &secret, &here, at(100)), None);
        for elsewhere in [entrance("acme", "shop"), entrance("globex", "widget")] {
            assert_eq!(Pass::verify(&token, &secret, &elsewhere, at(1)), None);
        }
        let other = MailSecret::new(b"guess");
        assert_eq!(Pass::verify(&token, &other, &here, at(1)), None);
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let secret = MailSecret::new(b"secret");
        let here = entrance("acme", "widget");
        let until = at(100);
        let chat = ConversationId(Uuid::from_u128(7));
        let token = Pass { chat, until }.sign(&secret, &here);
        for index in 0..token.len() {
            let mut forged = token.clone();
            let other = if &token[index..=index] == "A" { "B" } else { "A" };
            forged.replace_range(index..=index, other);
            assert_eq!(Pass::verify(&forged, &secret, &here, at(1)), None, "character {index}");
        }
        for odd in ["", "A", "ü", &token[1..], &(token.clone() + "A")] {
            assert_eq!(Pass::verify(odd, &secret, &here, at(1)), None, "{odd}");
        }
    }
}
