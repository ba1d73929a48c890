//! Visitors who chat: what was not acknowledged is said again under the same id, over another socket, at any replica.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::tally::Tally;
use crate::visitor::{Lost, Visitor};

/// How long a visitor waits for an answer before he or she leaves.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a visitor tries to get back before he or she gives up.
const PERSISTENCE: Duration = Duration::from_mins(1);
const RETRY_AFTER: Duration = Duration::from_millis(150);

/// A visitor with a running number, who comes back again and again.
pub(super) struct Chatter {
    pub number: u64,
    pub desk: &'static str,
    pub servers: Vec<SocketAddr>,
    pub tally: Arc<Tally>,
    pub stop: CancellationToken,
    pub rng: StdRng,
}

/// One chat, as the visitor has seen it.
#[derive(Default)]
pub(super) struct Chat {
    pub desk: &'static str,
    /// What was said, and whether it was acknowledged.
    pub said: Vec<(String, bool)>,
    /// What was answered, by its number.
    pub answers: BTreeMap<u64, String>,
    /// The token, as soon as it is known.
    token: String,
}

impl Chat {
    fn last(&self) -> u64 {
        self.answers.keys().next_back().copied().unwrap_or(0)
    }
}

/// Why a chat does not go on.
struct Over;

impl Chatter {
    /// Chats until told to stop, and tells what was said.
    pub(super) async fn run(mut self) -> Vec<Chat> {
        let mut all = Vec::new();
        while !self.stop.is_cancelled() {
            let mut chat = Chat {
                desk: self.desk,
                ..Chat::default()
            };
            // A chat that the desk ended, or that could not go on, is looked at like the others.
            let _ = self.talk(all.len(), &mut chat).await;
            all.push(chat);
            self.pause(300).await;
        }
        all
    }

    async fn talk(&mut self, chat_number: usize, chat: &mut Chat) -> Result<(), Over> {
        let mut visitor = self.enter(chat).await?;
        for line in 0..self.rng.random_range(1..3) {
            let text = format!("visitor {} chat {chat_number} line {line}", self.number);
            chat.said.push((text.clone(), false));
            visitor = self.say(visitor, chat, &format!("line-{line}"), &text).await?;
            if let Some(said) = chat.said.last_mut() {
                said.1 = true;
            }
            self.tally.chats_taken.add();
        }
        if self.rng.random_bool(0.7) {
            let known = chat.last();
            visitor = self.wait_for_answer(visitor, chat, known).await?;
        }
        // To leave without a word is the sweeper's business.
        if self.rng.random_bool(0.8) {
            let _ = visitor.end().await;
        }
        Ok(())
    }

    /// Says it until it is acknowledged.
    async fn say(&mut self, mut visitor: Visitor, chat: &mut Chat, id: &str, text: &str) -> Result<Visitor, Over> {
        let waiting = self.tally.clone();
        let _waiting = waiting.writes_waiting.enter();
        let put_off = AtomicBool::new(false);
        let answered = |frame: &Value| {
            put_off.store(puts_off(frame, id), Ordering::Relaxed);
            puts_off(frame, id) || accepts(frame, id)
        };
        loop {
            if visitor.say(id, text).await.is_ok() {
                match self.hear(&mut visitor, chat, &answered).await {
                    Ok(true) if put_off.load(Ordering::Relaxed) => {
                        tokio::time::sleep(RETRY_AFTER).await;
                        continue;
                    }
                    Ok(true) => return Ok(visitor),
                    Ok(false) => return Err(Over),
                    Err(_) => self.tally.chats_cut.add(),
                }
            }
            visitor = self.enter(chat).await?;
        }
    }

    async fn wait_for_answer(&mut self, mut visitor: Visitor, chat: &mut Chat, known: u64) -> Result<Visitor, Over> {
        loop {
            let heard = timeout(PATIENCE, self.hear(&mut visitor, chat, |frame| answers(frame, known))).await;
            match heard {
                Ok(Ok(true)) => {
                    self.tally.chats_answered.add();
                    return Ok(visitor);
                }
                Ok(Ok(false)) => return Err(Over),
                Ok(Err(_)) => visitor = self.enter(chat).await?,
                Err(_) => return Ok(visitor),
            }
        }
    }

    /// Reads frames until one is wanted (true) or the chat is over (false); notes answers on the way.
    async fn hear(
        &self,
        visitor: &mut Visitor,
        chat: &mut Chat,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<bool, Lost> {
        loop {
            let frame = visitor.next().await?;
            if let (Some(seq), Some(text)) = (frame["seq"].as_u64(), frame["text"].as_str()) {
                self.note(chat, seq, text);
                visitor.acknowledge(seq).await?;
            }
            if frame["type"] == "refused" && frame["code"] == "invalid" {
                self.tally.violation(format!("a good line was refused: {frame}"));
            }
            if wanted(&frame) {
                return Ok(true);
            }
            if frame["type"] == "ended" {
                return Ok(false);
            }
        }
    }

    /// An answer may come again after a lost acknowledgement, under its own number and with its own words.
    fn note(&self, chat: &mut Chat, seq: u64, text: &str) {
        let before = chat.answers.insert(seq, text.to_owned());
        if before.is_some_and(|before| before != text) {
            self.tally
                .violation(format!("answer {seq} of a chat on {} has changed its words", self.desk));
        }
        if chat.answers.values().filter(|answer| *answer == text).count() > 1 {
            self.tally
                .violation(format!("`{text}` was answered twice in a chat on {}", self.desk));
        }
    }

    /// Opens a socket at any replica; goes on with the chat if it has begun.
    async fn enter(&mut self, chat: &mut Chat) -> Result<Visitor, Over> {
        let entering = async {
            loop {
                let server = self.servers[self.rng.random_range(0..self.servers.len())];
                let token = (!chat.token.is_empty()).then_some((chat.token.as_str(), chat.last()));
                match Visitor::open(server, self.desk, token).await {
                    Ok(visitor) => return Ok(visitor),
                    Err(Lost::Closed(code)) if code.contains("over") => return Err(Over),
                    Err(Lost::Closed(code)) if code.contains("bad_") => {
                        self.tally.violation(format!("a good hello was answered {code}"));
                        return Err(Over);
                    }
                    Err(_) => tokio::time::sleep(RETRY_AFTER).await,
                }
            }
        };
        let visitor = timeout(PERSISTENCE, entering).await.unwrap_or(Err(Over))?;
        chat.token.clone_from(&visitor.resume);
        Ok(visitor)
    }

    async fn pause(&mut self, most: u64) {
        tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..most))).await;
    }
}

fn accepts(frame: &Value, id: &str) -> bool {
    frame["type"] == "accepted" && frame["id"] == id
}

/// The store is away for a moment: the same again, under the same id.
fn puts_off(frame: &Value, id: &str) -> bool {
    frame["type"] == "refused" && frame["code"] == "try_later" && frame["id"] == id
}

fn answers(frame: &Value, known: u64) -> bool {
    frame["seq"].as_u64().is_some_and(|seq| seq > known)
}
