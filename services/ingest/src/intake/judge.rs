//! What a desk makes of a message's words: its language, and what the rules say.

use std::sync::Arc;

use tandem_desk_file::{MessageFacts, Outcome};

use super::Draft;
use crate::directory::Desk;
use crate::document::Language;

/// Recognises the language and applies the rules; both may take their time.
pub(super) async fn judge(desk: Arc<Desk>, draft: Draft) -> (Draft, Option<Language>, Outcome) {
    let judged = tokio::task::spawn_blocking(move || {
        let language = language(&desk, &draft);
        let outcome = desk.rules.apply(&facts(&draft, language.as_ref()));
        (draft, language, outcome)
    });
    let (draft, language, outcome) = judged
        .await
        .expect("neither panics (each catches its library's) nor is cancelled");
    for problem in &outcome.problems {
        tracing::warn!(account = %draft.account, rule = %problem.rule, "a rule could not be applied; the message goes on without it");
    }
    let language = outcome
        .language
        .clone()
        .map(|tag| Language { tag, confidence: 1.0 })
        .or(language);
    (draft, language, outcome)
}

fn language(desk: &Desk, draft: &Draft) -> Option<Language> {
    match &draft.language {
        Some(tag) => Some(Language {
            tag: tag.clone(),
            confidence: 1.0,
        }),
        None => desk
            .detector
            .detect(&draft.subject, &draft.text)
            .map(|(tag, confidence)| Language { tag, confidence }),
    }
}

fn facts<'a>(draft: &'a Draft, language: Option<&'a Language>) -> MessageFacts<'a> {
    MessageFacts {
        subject: &draft.subject,
        text: &draft.text,
        from: draft
            .from
            .as_ref()
            .and_then(|from| from.address.as_deref())
            .unwrap_or_default(),
        to: &draft.to,
        language: language.map(|language| &language.tag),
        channel: draft.channel,
        account: &draft.account,
        headers: &draft.headers,
        has_attachments: !draft.attachments.is_empty(),
        size: draft.raw.len() as u64,
    }
}
