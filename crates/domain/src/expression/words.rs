//! The words and signs of a text, each with its place.

use std::ops::Range;

use super::ExpressionFault;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    AtLeast,
    Above,
    Equal,
    NotEqual,
    Below,
    AtMost,
}

impl Compare {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Below => "<",
            Self::AtMost => "<=",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// Letters, digits, `-`, `_` and `.`: a name, a value or a number.
    Word(&'t str),
    Compare(Compare),
    And,
    Or,
    Not,
    In,
    Open,
    Close,
    ListOpen,
    ListClose,
    Comma,
    End,
}

/// A word or sign, and where it stands, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Placed<'t> {
    pub(super) token: Token<'t>,
    pub(super) at: Range<usize>,
}

/// All words and signs, the end among them.
pub(super) fn split(text: &str) -> Result<Vec<Placed<'_>>, ExpressionFault> {
    let mut words = Vec::new();
    let mut from = 0;
    while let Some(next) = text[from..].chars().next() {
        if next.is_whitespace() {
            from += next.len_utf8();
            continue;
        }
        let (token, length) = if is_word(next) {
            word(&text[from..])
        } else {
            sign(text, from)?
        };
        words.push(Placed {
            token,
            at: from..from + length,
        });
        from += length;
    }
    words.push(Placed {
        token: Token::End,
        at: from..from,
    });
    Ok(words)
}

const fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

fn word(rest: &str) -> (Token<'_>, usize) {
    let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
    let token = match &rest[..end] {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "in" => Token::In,
        word => Token::Word(word),
    };
    (token, end)
}

fn sign(text: &str, from: usize) -> Result<(Token<'_>, usize), ExpressionFault> {
    const SIGNS: [(&str, Token<'static>); 15] = [
        (">=", Token::Compare(Compare::AtLeast)),
        ("<=", Token::Compare(Compare::AtMost)),
        ("==", Token::Compare(Compare::Equal)),
        ("!=", Token::Compare(Compare::NotEqual)),
        ("&&", Token::And),
        ("||", Token::Or),
        (">", Token::Compare(Compare::Above)),
        ("<", Token::Compare(Compare::Below)),
        ("!", Token::Not),
        ("(", Token::Open),
        (")", Token::Close),
        ("[", Token::ListOpen),
        ("]", Token::ListClose),
        (",", Token::Comma),
        ("", Token::End),
    ];
    let rest = &text[from..];
    match SIGNS.into_iter().find(|(sign, _)| rest.starts_with(sign)) {
        Some((sign, token)) if !sign.is_empty() => Ok((token, sign.len())),
        _ => Err(unknown(rest, from)),
    }
}

fn unknown(rest: &str, from: usize) -> ExpressionFault {
    let letter = rest.chars().next().unwrap_or_default();
    let help = match letter {
        '=' => "compare with `==`",
        '&' => "write `and` or `&&`",
        '|' => "write `or` or `||`",
        '"' | '\'' | '`' => "values stand without quotes, such as `team == partner`",
        _ => "use names, values, >= > == != < <=, and, or, not, in, ( ) and [ ]",
    };
    ExpressionFault {
        at: from..from + letter.len_utf8(),
        what: format!("`{}` means nothing here", letter.escape_debug()),
        help: help.to_owned(),
    }
}
