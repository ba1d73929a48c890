//! One connection: moves bytes between a peer and the dialogue, and keeps time.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::data::{Progress, Received, Receiver};
use super::dialogue::{Dialogue, Step, Tls};
use super::framing::{Fault, Input};
use super::reply::{self, Reply};
use super::{DeliverAnswer, Envelope, MailSink, Settings};
use crate::instruments;

/// Longest command line, parameters included, CR LF not counted.
const COMMAND_LINE: usize = 998;
/// How long, and for how many bytes, a closed connection is read on, so that the last reply is not lost
/// in a reset.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;

/// What all connections share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) sink: Arc<dyn MailSink>,
    pub(super) memory: Arc<Semaphore>,
    pub(super) shutdown: CancellationToken,
}

/// Why the conversation cannot go on in the clear, or at all.
enum Break {
    /// The peer is gone.
    Gone,
    /// Say this, then close.
    Close(Reply),
    /// TLS comes next.
    StartTls,
}

impl From<std::io::Error> for Break {
    fn from(_: std::io::Error) -> Self {
        Self::Gone
    }
}

/// Serves a peer until it leaves, or until TLS is to be negotiated: then the stream comes back.
pub(super) async fn serve<S>(stream: S, peer: Option<IpAddr>, tls: Tls, shared: &Shared) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Settings { hostname, limits, .. } = &shared.settings;
    let dialogue = Dialogue::new(hostname, limits, tls);
    let mut session = Session {
        stream,
        input: Input::default(),
        output: Vec::new(),
        dialogue,
        peer,
        shared,
    };
    let reason = match session.greet().await {
        Ok(()) => session.converse().await,
        Err(reason) => reason,
    };
    match reason {
        Break::Gone => None,
        Break::StartTls => Some(session.stream),
        Break::Close(last) => {
            session.close(&last).await;
            None
        }
    }
}

struct Session<'a, S> {
    stream: S,
    input: Input,
    output: Vec<u8>,
    dialogue: Dialogue<'a>,
    peer: Option<IpAddr>,
    shared: &'a Shared,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// The greeting; inside TLS there is none.
    async fn greet(&mut self) -> Result<(), Break> {
        if self.dialogue.tls() == Tls::On {
            return Ok(());
        }
        self.nothing_has_come(self.shared.settings.limits.greeting_pause)
            .await?;
        self.say(&Reply::custom(
            220,
            format!("{} ESMTP Tandem", self.shared.settings.hostname).into(),
        ));
        self.flush().await
    }

    async fn converse(&mut self) -> Break {
        loop {
            if let Err(reason) = self.turn().await {
                return reason;
            }
        }
    }

    /// One command and its answer. Answers wait in the buffer while more commands are at hand (RFC 2920).
    async fn turn(&mut self) -> Result<(), Break> {
        let line = self.command_line().await?;
        let mut step = self.dialogue.command(&line);
        if let Step::Ask(address) = step {
            let answer = self.shared.sink.rcpt(&address).await;
            step = self.dialogue.recipient(address, answer);
        }
        match step {
            Step::Answer(reply) => self.say(&reply),
            Step::AnswerLast(reply) => {
                self.nothing_has_come(Duration::ZERO).await?;
                self.say(&reply);
            }
            // Recipients are answered above.
            Step::Ask(_) => {}
            Step::TakeMessage => self.take_message().await?,
            Step::StartTls => {
                self.nothing_has_come(Duration::ZERO).await?;
                self.say(&reply::START_TLS);
                self.flush().await?;
                return Err(Break::StartTls);
            }
            Step::Close(last) => return Err(Break::Close(last)),
        }
        Ok(())
    }

    async fn command_line(&mut self) -> Result<Bytes, Break> {
        let deadline = Instant::now() + self.shared.settings.limits.command_timeout;
        loop {
            match self.input.line(COMMAND_LINE) {
                Ok(Some(line)) => return Ok(line.freeze()),
                Ok(None) => self.more_commands(deadline).await?,
                Err(Fault::BareLineEnd) => return Err(Break::Close(reply::BARE_LINE_END)),
                Err(Fault::TooLong) => return Err(Break::Close(reply::COMMAND_TOO_LONG)),
            }
        }
    }

    /// Waits for more input; at a shutdown only inside a transaction, which is allowed to end.
    async fn more_commands(&mut self, deadline: Instant) -> Result<(), Break> {
        self.flush().await?;
        let shutdown = &self.shared.shutdown;
        tokio::select! {
            biased;
            () = shutdown.cancelled(), if !self.dialogue.in_transaction() => Err(Break::Close(reply::SHUTTING_DOWN)),
            read = timeout_at(deadline, self.stream.read_buf(&mut self.input.bytes)) => came(read),
        }
    }

    /// Fails if the peer did not wait for its turn. Only what has come by now can be noticed.
    async fn nothing_has_come(&mut self, pause: Duration) -> Result<(), Break> {
        if !self.input.bytes.is_empty() {
            return Err(Break::Close(reply::TALKED_TOO_EARLY));
        }
        match timeout(pause, self.stream.read_buf(&mut self.input.bytes)).await {
            Err(_silence) => Ok(()),
            Ok(Ok(0) | Err(_)) => Err(Break::Gone),
            Ok(Ok(_)) => Err(Break::Close(reply::TALKED_TOO_EARLY)),
        }
    }

    async fn take_message(&mut self) -> Result<(), Break> {
        let span = tracing::info_span!("smtp.message", bytes = tracing::field::Empty);
        async {
            self.nothing_has_come(Duration::ZERO).await?;
            self.say(&reply::SEND_MESSAGE);
            self.flush().await?;
            let received = self.receive().await?;
            let outcome = match received {
                Ok(received) => self.deliver(received).await,
                Err(refusal) => {
                    self.dialogue.end_transaction();
                    refusal
                }
            };
            tracing::debug!(code = outcome.code, "message answered");
            instruments::mail_answered(outcome.code);
            self.say(&outcome);
            Ok(())
        }
        .instrument(span)
        .await
    }

    /// Reads up to the end of the message.
    async fn receive(&mut self) -> Result<Result<Received, Reply>, Break> {
        let limits = &self.shared.settings.limits;
        let mut receiver = Receiver::new(limits, Arc::clone(&self.shared.memory));
        let mut pace = Pace::new(limits);
        loop {
            let fed = receiver.feed(&self.input.bytes);
            let (taken, progress) = fed.map_err(|_| Break::Close(reply::BARE_LINE_END))?;
            self.input.forget(taken);
            match progress {
                Progress::End => return Ok(receiver.finish()),
                Progress::GiveUp => {
                    return Err(receiver.finish().err().map_or(Break::Gone, Break::Close));
                }
                Progress::More => {}
            }
            let deadline = pace.next_deadline(taken).ok_or(Break::Close(reply::TOO_SLOW))?;
            came(timeout_at(deadline, self.stream.read_buf(&mut self.input.bytes)).await)?;
        }
    }

    async fn deliver(&mut self, received: Received) -> Reply {
        let Received { raw, memory } = received;
        tracing::Span::current().record("bytes", raw.len());
        let envelope = self.envelope();
        let stored = timeout(
            self.shared.settings.limits.commit_timeout,
            self.shared.sink.deliver(envelope, raw),
        )
        .await;
        drop::<Option<OwnedSemaphorePermit>>(memory);
        match stored {
            Ok(DeliverAnswer::Stored) => reply::STORED,
            Ok(DeliverAnswer::TryLater) => reply::TRY_LATER,
            Ok(DeliverAnswer::Refused { code, text }) => Reply::custom(code, text),
            Err(_elapsed) => {
                tracing::warn!("message not stored in time");
                reply::NOT_STORED_IN_TIME
            }
        }
    }

    fn envelope(&mut self) -> Envelope {
        let transaction = self.dialogue.end_transaction();
        Envelope {
            peer: self.peer,
            helo: self.dialogue.helo().to_owned(),
            tls: self.dialogue.tls() == Tls::On,
            mail_from: transaction.mail_from,
            rcpts: transaction.rcpts,
            trace: (self.shared.settings.current_trace)(),
        }
    }

    fn say(&mut self, reply: &Reply) {
        reply.write_to(&mut self.output);
    }

    async fn flush(&mut self) -> Result<(), Break> {
        if self.output.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        };
        timeout(self.shared.settings.limits.command_timeout, write)
            .await
            .map_err(|_| Break::Gone)??;
        self.output.clear();
        Ok(())
    }

    async fn close(&mut self, last: &Reply) {
        tracing::debug!(code = last.code, "closing connection");
        self.say(last);
        if self.flush().await.is_ok() && self.stream.shutdown().await.is_ok() {
            // Whether the peer hears us out does not matter any more.
            let _ = timeout(LINGER, self.read_to_nowhere()).await;
        }
    }

    async fn read_to_nowhere(&mut self) {
        let mut nowhere = vec![0; 16 << 10];
        let mut left = LINGER_BYTES;
        while let Ok(read @ 1..) = self.stream.read(&mut nowhere).await {
            left = left.saturating_sub(read);
            if left == 0 {
                return;
            }
        }
    }
}

fn came(read: Result<std::io::Result<usize>, tokio::time::error::Elapsed>) -> Result<(), Break> {
    match read {
        Ok(Ok(1..)) => Ok(()),
        Ok(Ok(0) | Err(_)) => Err(Break::Gone),
        Err(_elapsed) => Err(Break::Close(reply::TOO_SLOW)),
    }
}

/// Whether a message comes fast enough.
struct Pace<'a> {
    limits: &'a super::Limits,
    begun: Instant,
    bytes: u64,
}

impl<'a> Pace<'a> {
    fn new(limits: &'a super::Limits) -> Self {
        Self {
            limits,
            begun: Instant::now(),
            bytes: 0,
        }
    }

    /// Until when the next piece must have come; none: it has been too slow for too long.
    fn next_deadline(&mut self, came: usize) -> Option<Instant> {
        self.bytes += came as u64;
        let now = Instant::now();
        let elapsed = now - self.begun;
        let expected = elapsed.as_secs().saturating_mul(self.limits.data_bytes_per_second);
        let too_slow = elapsed > self.limits.data_pause_timeout && self.bytes < expected;
        (!too_slow).then(|| (now + self.limits.data_pause_timeout).min(self.begun + self.limits.data_timeout))
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use proptest::prelude::*;
    use tandem_domain::Trace;
    use tokio::io::{DuplexStream, duplex};
    use tokio::runtime::Builder;

    use super::super::{Limits, RcptAnswer, data};
    use super::*;

    /// Takes everything.
    struct Anything;

    #[async_trait]
    impl MailSink for Anything {
        async fn rcpt(&self, _: &str) -> RcptAnswer {
            RcptAnswer::Accepted
        }

        async fn deliver(&self, envelope: Envelope, raw: Bytes) -> DeliverAnswer {
            let text = format!("5.0.0 {} {} bytes", envelope.rcpts.join(","), raw.len());
            DeliverAnswer::Refused {
                code: 554,
                text: text.into(),
            }
        }
    }

    fn shared(limits: Limits) -> Shared {
        let memory = data::memory_budget(&limits);
        let settings = Settings {
            hostname: "mx.example".into(),
            limits,
            tls: None,
            current_trace: Arc::new(Trace::default),
        };
        Shared {
            settings,
            sink: Arc::new(Anything),
            memory,
            shutdown: CancellationToken::new(),
        }
    }

    /// A peer and the task that serves it.
    fn connect(limits: Limits) -> (DuplexStream, tokio::task::JoinHandle<()>) {
        let (peer, served) = duplex(1 << 16);
        let shared = shared(limits);
        let session = async move {
            serve(served, None, Tls::NotOffered, &shared).await;
        };
        (peer, tokio::spawn(session))
    }

    async fn everything_said(peer: &mut DuplexStream) -> String {
        let mut said = String::new();
        peer.read_to_string(&mut said).await.unwrap();
        said
    }

    const ANNOUNCE: &[u8] = b"EHLO x\r\n";
    const TO_DATA: &[u8] = b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n";

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_sent_away_after_five_minutes() {
        let begun = Instant::now();
        let (mut peer, _served) = connect(Limits::default());
        assert!(
            everything_said(&mut peer)
                .await
                .ends_with("421 4.4.2 Too slow; closing the connection\r\n")
        );
        assert_eq!(begun.elapsed().as_secs(), 300);
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_dribbles_in_is_not_waited_for_longer() {
        let begun = Instant::now();
        let (mut peer, _served) = connect(Limits::default());
        let dribble = async {
            while begun.elapsed() < Duration::from_mins(10) {
                tokio::time::sleep(Duration::from_mins(1)).await;
                let _ = peer.write_all(b"N").await;
            }
            everything_said(&mut peer).await
        };
        assert!(dribble.await.contains("421 4.4.2"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_dribbles_in_is_not_waited_for() {
        let begun = Instant::now();
        let (mut peer, served) = connect(Limits::default());
        for group in [ANNOUNCE, TO_DATA] {
            tokio::time::sleep(Duration::from_millis(1)).await;
            peer.write_all(group).await.unwrap();
        }
        while !served.is_finished() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let _ = peer.write_all(b"a").await;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "{:?}", begun.elapsed());
        assert!(
            everything_said(&mut peer)
                .await
                .contains("354 Send the message, end it with <CRLF>.<CRLF>\r\n421 4.4.2")
        );
    }

    /// Plays groups of commands, each cut into pieces; gives all that the server said.
    fn play(groups: &[&[u8]], piece: usize) -> String {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (mut peer, _served) = connect(Limits::default());
            for group in groups {
                // The clock stands still until everybody waits: now the server has answered the group before.
                tokio::time::sleep(Duration::from_millis(1)).await;
                for piece in group.chunks(piece) {
                    peer.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
            everything_said(&mut peer).await
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn how_the_stream_is_cut_changes_no_reply(
            bodies in proptest::collection::vec("(\\.|[a-c]{1,9}|\r\n){0,30}", 1..4),
            piece in 1usize..40,
        ) {
            let mut groups = vec![ANNOUNCE.to_vec()];
            for body in bodies {
                groups.push(TO_DATA.to_vec());
                let stuffed = format!("\r\n{body}\r\n").replace("\r\n.", "\r\n..");
                groups.push(format!("{stuffed}.\r\nNOOP\r\nVRFY x\r\nXYZ\r\n").into_bytes());
            }
            groups.push(b"QUIT\r\n".to_vec());
            let groups: Vec<_> = groups.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(play(&groups, piece), play(&groups, usize::MAX));
        }
    }
}
