//! NATS' subject wildcards: `*` is one token, a final `>` is one or more.

/// Whether `subject` falls under `pattern`.
pub(crate) fn matches(pattern: &str, subject: &str) -> bool {
    if !pattern.contains(['*', '>']) {
        return pattern == subject;
    }
    let mut tokens = subject.split('.');
    for expected in pattern.split('.') {
        match (expected, tokens.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (expected, Some(token)) if expected == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_exactly_one_token() {
        assert!(matches("tandem.events.*.Created", "tandem.events.acme.Created"));
        assert!(!matches("tandem.events.*", "tandem.events.acme.Created"));
        assert!(!matches("tandem.events.*", "tandem.events"));
    }

    #[test]
    fn a_final_angle_is_one_or_more_tokens() {
        assert!(matches("tandem.events.>", "tandem.events.acme.Created"));
        assert!(matches("tandem.events.>", "tandem.events.acme"));
        assert!(!matches("tandem.events.>", "tandem.events"));
    }

    #[test]
    fn without_wildcards_only_the_same_subject_matches() {
        assert!(matches("a.b", "a.b"));
        assert!(!matches("a.b", "a.b.c"));
        assert!(!matches("a.b", "a.c"));
    }
}
