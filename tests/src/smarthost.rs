//! Where Tandem's mails go: an SMTP server that takes them, puts them off, refuses them, or hangs up.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How it treats mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// 250.
    #[default]
    Takes,
    /// 451.
    PutsOff,
    /// 550.
    Refuses,
    /// The connection ends before the greeting.
    HangsUp,
    /// The mail is taken, and the connection ends before the answer.
    TakesAndHangsUp,
}

/// A mail that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenMail {
    /// The envelope's return path.
    pub from: String,
    /// The envelope's recipient.
    pub to: String,
    /// Headers and body, as they came, without the doubled dots.
    pub raw: String,
}

impl TakenMail {
    /// A header field's value, unfolded; empty if there is none.
    pub fn field(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let prefix = format!("{}:", name.to_ascii_lowercase());
        let line = unfolded
            .split("\r\n")
            .find(|line| line.to_ascii_lowercase().starts_with(&prefix));
        line.map(|line| line[prefix.len()..].trim().to_owned())
            .unwrap_or_default()
    }
}

#[derive(Default)]
struct State {
    mood: Mood,
    /// How many sessions began.
    sessions: usize,
    mails: Vec<TakenMail>,
}

/// A running server on a port of its own; it ends with the test.
pub struct Smarthost {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Empty while it is away.
    task: JoinSet<()>,
}

impl Smarthost {
    /// Starts it, in a good mood.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(Mutex::new(State::default()));
        let mut task = JoinSet::new();
        task.spawn(serve(listener, state.clone()));
        Self { address, state, task }
    }

    /// What Tandem must be told to use it.
    pub fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("TANDEM_SMARTHOST__HOST", self.address.ip().to_string()),
            ("TANDEM_SMARTHOST__PORT", self.address.port().to_string()),
            ("TANDEM_SMARTHOST__TLS", "none".to_owned()),
            // What a killed process was just sending is sent by another one after little more than this.
            ("TANDEM_SMARTHOST__TIMEOUT", "5s".to_owned()),
        ]
    }

    /// From now on.
    pub fn set(&self, mood: Mood) {
        lock(&self.state).mood = mood;
    }

    /// From now on nobody listens, until it comes back.
    pub async fn disappear(&mut self) {
        self.task.shutdown().await;
    }

    /// Listens again where it was.
    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port was its own");
        self.task.spawn(serve(listener, self.state.clone()));
    }

    /// How many have come so far, to hand something over.
    pub fn sessions(&self) -> usize {
        lock(&self.state).sessions
    }

    /// What it has taken so far.
    pub fn mails(&self) -> Vec<TakenMail> {
        lock(&self.state).mails.clone()
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut sessions = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        // A client that goes away in between is its own business.
        sessions.spawn(async move { drop(session(stream, &state).await) });
    }
}

async fn session(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    lock(state).sessions += 1;
    if lock(state).mood == Mood::HangsUp {
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    let (mut from, mut to) = (String::new(), String::new());
    stream.write_all(b"220 smarthost.example ESMTP\r\n").await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let command = line.trim_end().to_owned();
        line.clear();
        let verb = command.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply = match verb.as_str() {
            "MAIL" => {
                from = between(&command, '<', '>');
                "250 ok"
            }
            "RCPT" => {
                to = between(&command, '<', '>');
                "250 ok"
            }
            "DATA" => match take(&mut stream, (&from, &to), state).await? {
                Some(reply) => reply,
                None => return Ok(()),
            },
            "QUIT" => {
                return stream.write_all(b"221 bye\r\n").await;
            }
            _ => "250 ok",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// The answer to a mail; none to hang up instead.
async fn take(
    stream: &mut BufReader<TcpStream>,
    (from, to): (&str, &str),
    state: &Mutex<State>,
) -> std::io::Result<Option<&'static str>> {
    stream.write_all(b"354 go on\r\n").await?;
    let (mut raw, mut line) = (String::new(), String::new());
    while stream.read_line(&mut line).await? > 0 && line != ".\r\n" {
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
        line.clear();
    }
    let mut state = lock(state);
    if matches!(state.mood, Mood::Takes | Mood::TakesAndHangsUp) {
        let (from, to) = (from.to_owned(), to.to_owned());
        state.mails.push(TakenMail { from, to, raw });
    }
    Ok(match state.mood {
        Mood::Takes => Some("250 taken"),
        Mood::PutsOff => Some("451 4.7.1 later"),
        Mood::Refuses => Some("550 5.1.1 no such mailbox"),
        Mood::HangsUp | Mood::TakesAndHangsUp => None,
    })
}

fn between(text: &str, from: char, to: char) -> String {
    let inside = text.split_once(from).and_then(|(_, rest)| rest.split_once(to));
    inside.map(|(inside, _)| inside.to_owned()).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
