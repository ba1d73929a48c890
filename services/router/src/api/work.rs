//! The agent's desktop: a stream of work lists and offers down, of actions up.

mod outbox;
mod session;

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use tandem_proto::v1;
use tandem_service_kit::auth::authorize;
use tokio_util::sync::CancellationToken;
use tonic::{Extensions, Request, Status, Streaming};

use super::Api;
use crate::convert::Start;
use crate::errors::Failure;
use outbox::Outbox;
use session::Session;

/// Opens a stream. It lives in a task of its own, so that actions are carried out however slowly the
/// client reads; the task ends with the stream, and the stream with the task.
pub(super) fn open(
    api: Arc<Api>,
    request: Request<Streaming<v1::WorkRequest>>,
) -> BoxStream<'static, Result<v1::WorkResponse, Status>> {
    let outbox = Arc::new(Outbox::default());
    let gone = CancellationToken::new();
    let stream = outbox.clone().stream(gone.clone().drop_guard());
    let (_, extensions, incoming) = request.into_parts();
    let streams = api.streams.clone();
    streams.spawn(async move {
        let work = serve(api, &extensions, incoming, outbox.clone());
        if let Some(failure) = gone.run_until_cancelled(work).await {
            outbox.end(failure.into());
        }
    });
    stream.boxed()
}

/// Serves the stream until it must end, and says why.
async fn serve(
    api: Arc<Api>,
    extensions: &Extensions,
    mut incoming: Streaming<v1::WorkRequest>,
    outbox: Arc<Outbox>,
) -> Failure {
    let draining = api.draining.clone();
    let start = tokio::select! {
        start = first_message(&api, &mut incoming) => start,
        () = draining.cancelled() => return Failure::Draining,
    };
    let session = async {
        let start = start?;
        let caller = authorize(extensions, &start.desk)?;
        let agent = caller.acting_as(&start.agent)?;
        let id = api.ids.next(api.store.now().await?);
        Ok((
            Session {
                api,
                caller,
                agent,
                id,
                outbox,
            },
            start,
        ))
    };
    match session.await {
        Ok((session, start)) => session.run(&start, incoming).await,
        Err(failure) => failure,
    }
}

async fn first_message(api: &Api, incoming: &mut Streaming<v1::WorkRequest>) -> Result<Start, Failure> {
    let first = tokio::time::timeout(api.config.start_timeout, incoming.message()).await;
    match first.map_err(|_| Failure::NotStarted)? {
        Ok(Some(request)) => Ok(Start::try_from(request)?),
        Ok(None) => Err(Failure::NotStarted),
        Err(status) => Err(status.into()),
    }
}
