//! The page: three files and a form, as they stand in `page/`, with no build step and nothing from elsewhere.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderMap};
use tandem_desk_file::Origin;
use tandem_domain::{AccountId, DeskId};

const CHAT: &str = include_str!("page/chat.html");
const QUESTION: &str = include_str!("page/question.html");
const FILES: [(&str, &str, &str); 4] = [
    (
        "chat.js",
        "text/javascript; charset=utf-8",
        include_str!("page/chat.js"),
    ),
    (
        "connection.js",
        "text/javascript; charset=utf-8",
        include_str!("page/connection.js"),
    ),
    (
        "texts.js",
        "text/javascript; charset=utf-8",
        include_str!("page/texts.js"),
    ),
    ("chat.css", "text/css; charset=utf-8", include_str!("page/chat.css")),
];
const LANGUAGES: [&str; 2] = ["en", "de"];
/// Where the pages say which language they are in.
const LANGUAGE_MARK: &str = "<html lang=\"en\">";

/// The chat in this language; pages of these origins may show it in a frame.
pub(super) fn chat(language: &str, origins: &[Origin]) -> Response {
    let ancestors: Vec<&str> = origins.iter().map(Origin::as_str).collect();
    let ancestors = if ancestors.is_empty() {
        "'none'".to_owned()
    } else {
        ancestors.join(" ")
    };
    html(
        CHAT,
        language,
        &format!("form-action 'none'; frame-ancestors {ancestors}"),
    )
}

/// The question which chat is wanted.
pub(super) fn question(language: &str) -> Response {
    html(QUESTION, language, "form-action 'self'; frame-ancestors 'none'")
}

fn html(text: &str, language: &str, further: &str) -> Response {
    let text = text.replace(LANGUAGE_MARK, &format!("<html lang=\"{language}\">"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; {further}"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::VARY, "accept-language".to_owned()),
    ];
    (headers, text).into_response()
}

/// One of the page's files.
pub(super) async fn file(Path(name): Path<String>) -> Response {
    let found = FILES.iter().find(|(file, ..)| *file == name);
    match found {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => (StatusCode::NOT_FOUND, "there is no such file").into_response(),
    }
}

/// The page's language: as asked for by `?lang=`, or else the first that the browser accepts, or else English.
pub(super) fn language(query: &str, headers: &HeaderMap) -> &'static str {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let ranges = accepted
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim());
    let known = |tag: &str| {
        let primary = tag.split('-').next()?;
        LANGUAGES.into_iter().find(|known| known.eq_ignore_ascii_case(primary))
    };
    let mut wanted = parameter(query, "lang").into_iter().chain(ranges);
    wanted.find_map(known).unwrap_or(LANGUAGES[0])
}

/// Where the chat is that was asked for, or else the only one.
pub(super) fn chosen(query: &str, chats: &[(DeskId, AccountId)]) -> Option<String> {
    let asked = parameter(query, "desk").zip(parameter(query, "account"));
    let (desk, account) = match (asked, chats) {
        (Some((desk, account)), _) => (desk.parse().ok()?, account.parse().ok()?),
        (None, [only]) => only.clone(),
        (None, _) => return None,
    };
    let lang = parameter(query, "lang").and_then(|lang| LANGUAGES.into_iter().find(|known| *known == lang));
    let lang = lang.map(|lang| format!("?lang={lang}")).unwrap_or_default();
    Some(format!("/chat/{desk}/{account}{lang}"))
}

/// A parameter whose value is a word that needs no decoding.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accepting(languages: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(languages))])
    }

    #[test]
    fn the_page_speaks_what_is_asked_for_or_else_what_the_browser_prefers() {
        assert_eq!(language("", &accepting("fr;q=1, de-AT;q=0.9, en")), "de");
        assert_eq!(language("lang=en", &accepting("de")), "en");
        assert_eq!(language("x=1&lang=de", &HeaderMap::new()), "de");
        assert_eq!(language("lang=\"><script>", &accepting("fr")), "en");
    }

    #[test]
    fn the_only_chat_is_taken_and_of_several_the_one_that_is_named() {
        let chats = |keys: &[&str]| -> Vec<(DeskId, AccountId)> {
            keys.iter()
                .map(|key| (key.parse().unwrap(), "widget".parse().unwrap()))
                .collect()
        };
        assert_eq!(
            chosen("lang=de", &chats(&["acme"])).as_deref(),
            Some("/chat/acme/widget?lang=de")
        );
        assert_eq!(chosen("", &chats(&["acme", "globex"])), None);
        assert_eq!(chosen("", &[]), None);
        let named = chosen("desk=globex&account=shop", &chats(&["acme"]));
        assert_eq!(named.as_deref(), Some("/chat/globex/shop"));
        assert_eq!(chosen("desk=../x&account=y", &chats(&["acme"])), None);
    }

    #[test]
    fn every_page_says_its_language() {
        assert!(CHAT.contains(LANGUAGE_MARK) && QUESTION.contains(LANGUAGE_MARK));
    }
}
