//! Pages of lists: sizes, and tokens that lead from one page to the next.
//!
//! A token holds where the next page starts and a digest of the question, so that a token of another desk,
//! method or filter is refused instead of answered with gaps.

use sha2::{Digest, Sha256};

use crate::error::ApiError;

const USUAL_SIZE: usize = 50;
const LARGEST_SIZE: u32 = 500;
const DIGEST_BYTES: usize = 8;

/// A page that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most this many items.
    pub size: usize,
    /// Only items whose key comes after this one.
    pub after: Option<String>,
    digest: [u8; DIGEST_BYTES],
}

impl Page {
    /// The page of `question` that a request asks for; `question` names everything that must stay the
    /// same from page to page.
    ///
    /// # Errors
    /// If the size is too large, or the token is not of this question.
    pub fn of(question: &str, page_size: u32, page_token: &str) -> Result<Self, ApiError> {
        let digest = digest(question);
        Ok(Self {
            size: size(page_size)?,
            after: after(page_token, digest)?,
            digest,
        })
    }

    /// The token of the page that starts after the item with this key.
    #[must_use]
    pub fn token(&self, last_key: &str) -> String {
        hex::encode([self.digest.as_slice(), last_key.as_bytes()].concat())
    }

    /// One page of items that are all at hand, ascending by `key`, and the next page's token.
    pub fn cut<T>(&self, items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> &str) -> (Vec<T>, String) {
        let is_after = |item: &T| self.after.as_deref().is_none_or(|after| key(item) > after);
        let mut rest = items.into_iter().filter(is_after);
        let page: Vec<T> = rest.by_ref().take(self.size).collect();
        let token = match (page.last(), rest.next()) {
            (Some(last), Some(_)) => self.token(key(last)),
            _ => String::new(),
        };
        (page, token)
    }

    /// One page of items of which one more than the page's size was asked for, and the next page's token: whether that
    /// one came says whether there is a next page.
    pub fn cut_ahead<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, String) {
        let more = items.len() > self.size;
        items.truncate(self.size);
        let last = items.last().filter(|_| more);
        let token = last.map(|last| self.token(&key(last)));
        (items, token.unwrap_or_default())
    }
}

fn size(given: u32) -> Result<usize, ApiError> {
    match given {
        0 => Ok(USUAL_SIZE),
        1..=LARGEST_SIZE => Ok(usize::try_from(given).unwrap_or(USUAL_SIZE)),
        _ => Err(ApiError::invalid_field(
            "page_size",
            format!("{given} is too large: use 1 to {LARGEST_SIZE}, or 0 for {USUAL_SIZE}"),
        )),
    }
}

fn after(token: &str, expected: [u8; DIGEST_BYTES]) -> Result<Option<String>, ApiError> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = hex::decode(token).unwrap_or_default();
    let after = bytes.strip_prefix(expected.as_slice()).map(<[u8]>::to_vec);
    match after.map(String::from_utf8) {
        Some(Ok(after)) => Ok(Some(after)),
        _ => Err(ApiError::invalid_field(
            "page_token",
            "is not of this list: repeat next_page_token as it came, with the other fields unchanged",
        )),
    }
}

fn digest(question: &str) -> [u8; DIGEST_BYTES] {
    let whole: [u8; 32] = Sha256::digest(question).into();
    let mut first = [0; DIGEST_BYTES];
    first.copy_from_slice(&whole[..DIGEST_BYTES]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(from: u32, to: u32) -> Vec<String> {
        (from..=to).map(|number| format!("k{number:02}")).collect()
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let mut token = String::new();
        let mut seen = Vec::new();
        for expected in [2, 2, 1] {
            let page = Page::of("list", 2, &token).unwrap();
            let (items, next) = page.cut(keys(1, 5), |key| key);
            assert_eq!(items.len(), expected);
            seen.extend(items);
            token = next;
        }
        assert_eq!(seen, keys(1, 5));
        assert_eq!(token, "", "the last page leads nowhere");
    }

    #[test]
    fn a_full_last_page_leads_nowhere() {
        let page = Page::of("list", 5, "").unwrap();
        assert_eq!(page.cut(keys(1, 5), |key| key).1, "");
    }

    #[test]
    fn one_item_more_than_asked_for_leads_to_the_next_page() {
        let page = Page::of("list", 2, "").unwrap();
        let (items, token) = page.cut_ahead(keys(1, 3), Clone::clone);
        assert_eq!(items, keys(1, 2));
        assert_eq!(Page::of("list", 2, &token).unwrap().after.as_deref(), Some("k02"));
        assert_eq!(page.cut_ahead(keys(1, 2), Clone::clone), (keys(1, 2), String::new()));
    }

    #[test]
    fn a_token_of_another_question_is_refused() {
        let token = Page::of("ListAgents acme", 0, "").unwrap().token("ana");
        assert!(Page::of("ListAgents acme", 0, &token).is_ok());
        for (question, token) in [
            ("ListAgents globex", token.as_str()),
            ("ListAgents acme", "nonsense"),
            ("ListAgents acme", "00"),
        ] {
            assert!(
                Page::of(question, 0, token)
                    .unwrap_err()
                    .to_string()
                    .contains("page_token")
            );
        }
    }

    #[test]
    fn a_page_has_1_to_500_items() {
        assert_eq!(Page::of("list", 0, "").unwrap().size, 50);
        assert_eq!(Page::of("list", 500, "").unwrap().size, 500);
        assert!(Page::of("list", 501, "").unwrap_err().to_string().contains("page_size"));
    }
}
