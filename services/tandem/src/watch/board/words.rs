//! Events as people say them.

/// An event in words: its kind, and the agent whom it is about, if there is one.
pub(super) fn in_words(kind: &str, agent: &str) -> String {
    let said = match kind {
        "TicketOpened" => "opened",
        "MessageAdded" => "the customer wrote again",
        "OfferIssued" => "offered to",
        "OfferAccepted" => "accepted by",
        "OfferDeclined" => "declined by",
        "OfferExpired" => "missed by",
        "OfferRevoked" => "taken back from",
        "AnswerAdded" => "answered by",
        "AnswerDelivered" => "the answer has arrived",
        "AnswerFailed" => "the answer did not arrive",
        "TicketHeld" => "on hold",
        "TicketAbandoned" => "the customer has left",
        _ => return [agent, &spaced(kind)].join(" ").trim_start().to_owned(),
    };
    match (said, agent) {
        ("answered by", "") => "answered by a supervisor".to_owned(),
        _ => [said, agent].join(" ").trim_end().to_owned(),
    }
}

/// `WrapUpStarted` becomes `wrap up started`.
fn spaced(kind: &str) -> String {
    let mut words = String::new();
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_in_words() {
        assert_eq!(in_words("OfferIssued", "ana"), "offered to ana");
        assert_eq!(in_words("AnswerAdded", ""), "answered by a supervisor");
        assert_eq!(in_words("TicketOpened", ""), "opened");
    }

    #[test]
    fn kinds_that_have_no_words_of_their_own_are_spelled_out() {
        assert_eq!(in_words("WrapUpStarted", ""), "wrap up started");
        assert_eq!(in_words("PresenceChanged", "ana"), "ana presence changed");
    }
}
