//! The terminal: taken over, drawn on, and given back however it ends.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tandem_domain::Clock;
use tandem_service_kit::ids::SystemClock;
use tandem_service_kit::lifecycle::signals;
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt;

use super::draw::{Link, draw};
use super::feed::{Feed, Known};
use super::look::Look;
use crate::failure::Failure;

/// Times run on between changes.
const REDRAW: Duration = Duration::from_secs(1);
/// Before a lost connection is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Shows the desk until `q` or Ctrl-C.
pub(super) async fn run(feed: Feed) -> Result<(), Failure> {
    let variable = |name| std::env::var(name).ok();
    let look = Look::of_environment(variable("NO_COLOR").as_deref(), variable("TERM").as_deref());
    let terminal = ratatui::try_init().map_err(|error| unusable(&error));
    let shown = match terminal {
        Ok(terminal) => show(terminal, feed, look).await,
        Err(failure) => Err(failure),
    };
    ratatui::restore();
    shown
}

fn unusable(error: &std::io::Error) -> Failure {
    Failure::Fault(format!("the terminal cannot be used: {error}"))
}

async fn show(mut terminal: DefaultTerminal, feed: Feed, look: Look) -> Result<(), Failure> {
    let mut keys = keys();
    let mut signals = signals().map_err(|error| unusable(&error))?;
    let mut redraw = tokio::time::interval(REDRAW);
    let (sender, mut news) = watch::channel((feed.known.clone(), Link::Live));
    let mut following = pin!(follow(feed, sender));
    loop {
        let (known, link) = news.borrow_and_update().clone();
        let board = known.board(SystemClock.now());
        terminal
            .draw(|frame| draw(frame, &board, &link, look))
            .map_err(|error| unusable(&error))?;
        tokio::select! {
            event = keys.recv() => if event.is_none_or(|event| leaves(&event)) { return Ok(()) },
            never = &mut following => match never {},
            // An error would mean that nobody follows the desk any more, which never happens.
            Ok(()) = news.changed() => {}
            _ = redraw.tick() => {}
            _ = signals.next() => return Ok(()),
        }
    }
}

/// Follows the desk, and after a failure tries again.
async fn follow(mut feed: Feed, news: watch::Sender<(Known, Link)>) -> Infallible {
    loop {
        let mut outcome = feed.changed().await;
        while let Err(failure) = outcome {
            news.send_modify(|(_, link)| *link = Link::Lost(format!("trying again · {failure}")));
            tokio::time::sleep(RETRY).await;
            outcome = feed.reopen().await;
        }
        news.send_replace((feed.known.clone(), Link::Live));
    }
}

/// Whether it is a wish to leave. In a terminal that is taken over, Ctrl-C is a key and no signal.
fn leaves(event: &Event) -> bool {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind: KeyEventKind::Press,
        ..
    }) = event
    else {
        return false;
    };
    match code {
        KeyCode::Char('q') | KeyCode::Esc => true,
        KeyCode::Char('c') => modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

/// Keys and changes of size. Reading them has no asynchronous form here: a thread does, and ends with the process.
fn keys() -> mpsc::Receiver<Event> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_escape_and_ctrl_c_leave() {
        let key = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
        assert!(leaves(&key(KeyCode::Char('q'), KeyModifiers::NONE)));
        assert!(leaves(&key(KeyCode::Esc, KeyModifiers::NONE)));
        assert!(leaves(&key(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert!(!leaves(&key(KeyCode::Char('c'), KeyModifiers::NONE)));
        assert!(!leaves(&Event::Resize(80, 24)));
    }
}
