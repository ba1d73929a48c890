//! The nearest known word, and what is allowed instead of an unknown one.

/// Longer words are no typing mistakes, and comparing them takes long.
const LONGEST_WORD: usize = 64;
/// Looking further in a huge file would cost more than a suggestion is worth.
const MOST_CANDIDATES: usize = 1000;
/// From this similarity (0 to 1) on, one word is likely to be meant by the other.
const SIMILAR: f64 = 0.75;
/// So many words are still listed.
const MOST_LISTED: usize = 30;

/// The known word that `word` most likely stands for.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let near = known
        .iter()
        .take(MOST_CANDIDATES)
        .filter(|candidate| candidate.len() <= LONGEST_WORD);
    let rated = near.map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), *candidate));
    let best = rated.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(similarity, _)| *similarity >= SIMILAR)
        .map(|(_, candidate)| candidate)
}

/// ``"; did you mean `billing`?"``, or nothing.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    nearest(word, known)
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

/// `a, b or c`, shortened where there are too many.
pub(crate) fn one_of(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [most @ .., last] if words.len() <= MOST_LISTED => format!("{} or {last}", most.join(", ")),
        _ => format!("{} … ({} in all)", words[..MOST_LISTED].join(", "), words.len()),
    }
}

/// A word as it is shown: quoted, and cut where it is long.
pub(crate) fn quoted(word: &str) -> String {
    let mut shown: String = word.chars().take(LONGEST_WORD).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    format!("`{}`", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["billing", "technical", "returns"];
        for (slip, meant) in [
            ("biling", "billing"),
            ("Billing", "billing"),
            ("tehcnical", "technical"),
            ("return", "returns"),
        ] {
            assert_eq!(nearest(slip, &known), Some(meant), "{slip}");
        }
    }

    #[test]
    fn something_else_finds_nothing() {
        assert_eq!(nearest("warehouse", &["billing", "technical"]), None);
        assert_eq!(nearest(&"x".repeat(1000), &["x"]), None);
    }

    #[test]
    fn lists_what_is_allowed_but_not_endlessly() {
        assert_eq!(one_of(&["a"]), "a");
        assert_eq!(one_of(&["a", "b", "c"]), "a, b or c");
        let many: Vec<String> = (0..100).map(|n| format!("q{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(one_of(&many).ends_with("q29 … (100 in all)"));
    }
}
