//! `tandem watch`: a desk live in the terminal; or once, for scripts.

mod board;
mod draw;
mod feed;
mod look;
mod screen;
mod text;

use std::io::IsTerminal;

use tandem_domain::Clock;
use tandem_service_kit::ids::SystemClock;

use crate::cli::{Format, Watch};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::show;
use feed::Feed;

/// Shows the desk until the user leaves; or as it is now, once.
pub(crate) async fn run(client: &Client, args: &Watch, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    let feed = Feed::open(client, &desk).await?;
    match (output, args.once) {
        (_, true) => show(output, &feed.known.board(SystemClock.now()), text::render),
        (Format::Json, false) => follow(feed).await,
        (Format::Text, false) if std::io::stdout().is_terminal() => screen::run(feed).await,
        (Format::Text, false) => Err(Failure::Input(
            "this is no terminal: show the desk once with --once, or follow it with --output json".into(),
        )),
    }
}

/// A line for everything that changes, until it is interrupted.
async fn follow(mut feed: Feed) -> Result<(), Failure> {
    loop {
        show(Format::Json, &feed.known.board(SystemClock.now()), |_| String::new())?;
        tokio::select! {
            changed = feed.changed() => changed?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
