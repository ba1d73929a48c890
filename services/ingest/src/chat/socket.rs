//! One visitor's socket, from hello to its end.

mod history;
mod talk;

use std::sync::Arc;

use axum::extract::ws::WebSocket;
use futures::StreamExt;
use futures::stream::{BoxStream, select};
use tokio::time::timeout;

use super::protocol::{ErrorCode, FromVisitor, Hello};
use super::resume::Entrance;
use super::shared::Chats;
use super::visitor::{Visitor, admit};
use super::wire::{Closing, Wire};
pub(super) use history::is_all_on_tickets;
use talk::Talk;

/// Hints that a chat has changed.
type Hints = BoxStream<'static, (String, bytes::Bytes)>;

/// Serves a socket until it must end, and says why.
pub(super) async fn serve(chats: Arc<Chats>, entrance: Entrance, socket: WebSocket) {
    let mut wire = Wire::new(socket, &chats.config);
    let draining = chats.draining.clone();
    let Err(closing) = tokio::select! {
        ended = converse(&chats, entrance, &mut wire) => ended,
        () = draining.cancelled() => Err(Closing::later("this server stops: another goes on with the resume token")),
    };
    tracing::debug!(?closing, "a chat's socket closes");
    wire.close(closing).await;
}

async fn converse(
    chats: &Arc<Chats>,
    entrance: Entrance,
    wire: &mut Wire,
) -> Result<std::convert::Infallible, Closing> {
    let hello = hello(chats, wire).await?;
    let visitor = admit(chats, entrance, &hello).await?;
    // Before anything is looked at, so that no change falls in between.
    let hints = listen(chats, &visitor).await?;
    Talk::new(Arc::clone(chats), visitor, wire).run(&hello, hints).await
}

async fn hello(chats: &Chats, wire: &mut Wire) -> Result<Hello, Closing> {
    match timeout(chats.config.hello_timeout, wire.next()).await {
        Ok(Ok(FromVisitor::Hello(hello))) => Ok(hello),
        Ok(Err(closing)) => Err(closing),
        Ok(Ok(_)) | Err(_) => {
            let why = "the first frame must be hello, and come at once".to_owned();
            Err(Closing::Failed(ErrorCode::HelloExpected, why))
        }
    }
}

async fn listen(chats: &Chats, visitor: &Visitor) -> Result<Hints, Closing> {
    let [router, own] = Chats::topics(&visitor.entrance.desk, visitor.chat());
    let lost = |error: tandem_bus::BusError| {
        tracing::warn!(%error, "a chat cannot listen for news");
        Closing::later("the chat cannot be followed at the moment: come again with the resume token")
    };
    let from_router = chats.bus.hints(&router).await.map_err(lost)?;
    let from_others = chats.bus.hints(&own).await.map_err(lost)?;
    Ok(select(from_router, from_others).boxed())
}
