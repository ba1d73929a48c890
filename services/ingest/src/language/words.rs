//! What a message's author wrote, and nothing that was only copied into it.

/// Bytes of text that are looked at: more does not make a language any clearer.
const BYTES: usize = 4 << 10;

/// The author's own words of a message.
pub(super) fn of_author(subject: &str, text: &str) -> String {
    let mut words = String::new();
    let own_lines = std::iter::once(without_prefixes(subject)).chain(own_lines(text));
    for word in own_lines
        .flat_map(str::split_whitespace)
        .filter(|word| is_language(word))
    {
        // Some languages put no spaces: a whole paragraph may be one word.
        words.push_str(&word[..word.floor_char_boundary(BYTES - words.len())]);
        if words.len() + 4 > BYTES {
            break;
        }
        words.push(' ');
    }
    words
}

/// A subject without `Re:`, `AW:`, `Fwd:` and the like, which say nothing of the author's language.
fn without_prefixes(subject: &str) -> &str {
    let mut rest = subject.trim_start();
    while let Some((prefix, after)) = rest.split_once(':') {
        if prefix.chars().count() > 3 || !prefix.chars().all(char::is_alphabetic) {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// The lines above signature and copied mail, without quotes and what introduces them.
fn own_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut lines = text.lines().take_while(|line| !ends_own_text(line)).peekable();
    std::iter::from_fn(move || {
        let line = lines.next()?;
        let mut introduces = || line.trim_end().ends_with(':') && lines.peek().is_some_and(|next| is_quote(next));
        Some(if is_quote(line) || introduces() { "" } else { line })
    })
}

fn is_quote(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// `-- ` before a signature, `-----Original Message-----` or a ruled line before a copied mail.
fn ends_own_text(line: &str) -> bool {
    let line = line.trim_end();
    let ruled = line.len() >= 10 && line.bytes().all(|b| b == b'_');
    let announced = line.len() > 10 && line.starts_with("-----") && line.ends_with("-----");
    line == "--" || ruled || announced
}

/// Not an address, a link or a number.
fn is_language(word: &str) -> bool {
    !word.contains(['@', '/', '\\']) && !word.starts_with("www.") && word.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_signatures_and_links_are_not_the_authors_words() {
        let text = "Guten Tag,\nsiehe https://a.example/en/help oder mail@a.example 12:30\n\nOn Monday we wrote:\n> Dear Sir\n>> Hi\n\
                    Danke\n-- \nThe Example Company";
        assert_eq!(
            of_author("AW: Re: Frage zu: Ware", text),
            "Frage zu: Ware Guten Tag, siehe oder Danke "
        );
    }

    #[test]
    fn copied_mail_ends_the_text() {
        for end in ["-----Original Message-----", "________________________________"] {
            assert_eq!(of_author("", &format!("Merci\n{end}\nFrom: us\nDear Madam")), "Merci ");
        }
    }

    #[test]
    fn only_the_beginning_of_a_long_text_counts() {
        assert!(of_author("", &"wort ".repeat(100_000)).len() <= BYTES);
        assert!((BYTES - 3..=BYTES).contains(&of_author("", &"語".repeat(100_000)).len()));
    }
}
