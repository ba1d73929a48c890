//! A mail server that carries answers on, or does not, as a test tells it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it does with the next mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Take,
    Defer,
    Refuse,
    /// It breaks off in the middle of the message.
    HangUp,
}

/// A mail that it has answered for.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) raw: String,
}

impl Taken {
    /// A field's value, unfolded.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let (head, _) = self.raw.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let prefix = format!("{name}: ");
        head.lines()
            .find_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
    }
}

/// The server. It lives as long as the test's runtime.
#[derive(Clone)]
pub(crate) struct Smarthost {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    asked: usize,
    taken: Vec<Taken>,
}

impl Smarthost {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            mood,
            asked: 0,
            taken: Vec::new(),
        };
        let server = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(state)),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serving.clone().talk(connection));
            }
        });
        server
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }

    pub(crate) fn is(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// How many mails it was asked to take.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// Ends with the connection, however that ends.
    async fn talk(self, connection: TcpStream) -> std::io::Result<()> {
        let mut connection = BufReader::new(connection);
        let (mut from, mut to) = (String::new(), String::new());
        connection.write_all(b"220 smarthost\r\n").await?;
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let answer = match line.trim_end() {
                mail if mail.starts_with("MAIL") => {
                    from = bracketed(mail);
                    "250 ok"
                }
                rcpt if rcpt.starts_with("RCPT") => {
                    to = bracketed(rcpt);
                    "250 ok"
                }
                "DATA" => {
                    connection.write_all(b"354 go on\r\n").await?;
                    let raw = message(&mut connection).await?;
                    match self.judge(Taken {
                        from: from.clone(),
                        to: to.clone(),
                        raw,
                    }) {
                        Some(answer) => answer,
                        None => return Ok(()),
                    }
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            connection.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }

    fn judge(&self, mail: Taken) -> Option<&'static str> {
        let mut state = self.state.lock().unwrap();
        state.asked += 1;
        match state.mood {
            Mood::Take => {
                state.taken.push(mail);
                Some("250 taken")
            }
            Mood::Defer => Some("451 come again"),
            Mood::Refuse => Some("550 no such customer"),
            Mood::HangUp => None,
        }
    }
}

fn bracketed(line: &str) -> String {
    let (_, rest) = line.split_once('<').unwrap();
    rest.split('>').next().unwrap().to_owned()
}

/// Up to the line with the dot.
async fn message(connection: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
