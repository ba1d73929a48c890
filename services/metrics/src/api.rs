//! `MetricsService`.

use std::sync::Arc;

use tandem_desk::Journaled;
use tandem_domain::{Clock, DeskId};
use tandem_proto::v1;
use tandem_proto::v1::metrics_service_server::MetricsService;
use tandem_routing::RoutingCore;
use tandem_service_kit::auth::authorize;
use tandem_store::{Store, Stream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::books::Books;
use crate::convert;
use crate::errors::Failure;
use crate::query::Reading;
use crate::watch::{self, Pictures, Watcher};

/// What its calls share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) books: Arc<Books>,
    pub(crate) watchers: Arc<Semaphore>,
    pub(crate) draining: CancellationToken,
}

impl Api {
    /// Refuses a desk that does not exist, where an empty answer would hide that.
    async fn require(&self, desk: &DeskId) -> Result<(), Failure> {
        let stream = Stream::new(RoutingCore::SERVICE, desk.clone());
        match self.store.tail(&stream).await? {
            Some(_) => Ok(()),
            None => Err(Failure::NoDesk(desk.clone())),
        }
    }

    async fn query(
        &self,
        desk: &DeskId,
        request: &v1::QueryMetricsRequest,
    ) -> Result<v1::QueryMetricsResponse, Failure> {
        let question = convert::question(request)?;
        self.require(desk).await?;
        let now = self.store.now().await?;
        let reading = Reading::begin(self.store.as_ref(), desk, &question).await?;
        reading.check_names()?;
        let page = reading.page(now).await?;
        Ok(convert::answer(page))
    }
}

#[tonic::async_trait]
impl MetricsService for Api {
    async fn query_metrics(
        &self,
        request: Request<v1::QueryMetricsRequest>,
    ) -> Result<Response<v1::QueryMetricsResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let answer = self.query(&caller.desk, request.get_ref()).await?;
        Ok(Response::new(answer))
    }

    type WatchStream = Pictures;

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Pictures>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        self.require(&caller.desk).await?;
        let seat = self.watchers.clone().try_acquire_owned();
        let seat = seat.map_err(|_| Failure::TooManyWatchers)?;
        let watcher = Watcher {
            bell: self.books.listen(&caller.desk),
            caller,
            api: self.clone(),
            seat,
        };
        Ok(Response::new(watch::pictures(watcher)))
    }
}
