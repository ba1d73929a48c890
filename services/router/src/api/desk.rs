//! `DeskService`: apply desk files, look at versions.

mod apply;
mod file;
mod simulate;

use std::sync::Arc;

use tandem_desk::{DeskError, Journaled, ParkedItem};
use tandem_domain::DeskId;
use tandem_domain::routing::Rejection;
use tandem_proto::v1;
use tandem_proto::v1::desk_service_server::DeskService;
use tandem_routing::RoutingCore;
use tandem_routing::rows::VersionRow;
use tandem_service_kit::auth::{Caller, Principal, TokenError, authorize};
use tonic::{Request, Response, Status, async_trait};

use super::Api;
use crate::convert::{self, FieldError};
use crate::errors::Failure;
use crate::read;
use tandem_service_kit::page::Page;

/// Answers `DeskService`.
pub(crate) struct DeskFiles(pub(crate) Arc<Api>);

impl DeskFiles {
    /// A version by its number; 0 is the one in force. `field` names the number in the request.
    async fn version(&self, desk: &DeskId, version: u64, field: &'static str) -> Result<VersionRow, Failure> {
        let store = self.0.store.as_ref();
        let number = match version {
            0 => read::active_desk(store, desk).await?.ok_or(not_activated())?.version,
            number => number,
        };
        let found = read::version(store, desk, number).await?;
        found.ok_or_else(|| Failure::missing("version", &number, field))
    }

    async fn get(&self, caller: &Caller, version: u64) -> Result<v1::GetDeskResponse, Failure> {
        self.0.require(&caller.desk).await?;
        let row = self.version(&caller.desk, version, "version").await?;
        let text = file::text(self.0.store.as_ref(), &caller.desk, &row.hash).await?;
        let version = Some(convert::version(&row));
        Ok(v1::GetDeskResponse { version, text })
    }

    async fn list(
        &self,
        principal: &Principal,
        request: &v1::ListDesksRequest,
    ) -> Result<v1::ListDesksResponse, Failure> {
        let question = format!("ListDesks {:?}", principal.desks);
        let page = Page::of(&question, request.page_size, &request.page_token)?;
        let streams = self.0.store.streams(RoutingCore::SERVICE).await?;
        let mut named: Vec<_> = streams
            .into_iter()
            .map(|stream| stream.desk)
            .filter(|desk| principal.may(desk))
            .collect();
        named.sort_unstable();
        let (desks, next_page_token) = page.cut(named, |desk| desk.as_str());
        let desks = desks.into_iter().map(String::from).collect();
        Ok(v1::ListDesksResponse { desks, next_page_token })
    }

    async fn versions(
        &self,
        caller: &Caller,
        request: &v1::ListDeskVersionsRequest,
    ) -> Result<v1::ListDeskVersionsResponse, Failure> {
        let question = format!("ListDeskVersions {}", caller.desk);
        let page = Page::of(&question, request.page_size, &request.page_token)?;
        self.0.require(&caller.desk).await?;
        let (versions, next_page_token) = read::versions(self.0.store.as_ref(), &caller.desk, &page).await?;
        let versions = versions.iter().map(convert::version).collect();
        Ok(v1::ListDeskVersionsResponse {
            versions,
            next_page_token,
        })
    }

    async fn diff(&self, caller: &Caller, request: v1::DiffDeskRequest) -> Result<v1::DiffDeskResponse, Failure> {
        use v1::diff_desk_request::Other;
        let text = match request.other {
            Some(Other::Text(text)) => file::checked_size(text)?,
            Some(Other::Version(version)) => {
                let row = self
                    .version(&caller.desk, convert::number("version", version)?, "version")
                    .await?;
                file::text(self.0.store.as_ref(), &caller.desk, &row.hash).await?
            }
            None => return Err(FieldError::new("other", "must be given: text or version").into()),
        };
        let base = self.base(&caller.desk, request.base_version).await?;
        file::compare(base.as_deref(), &text, &caller.desk)
    }

    /// The text to compare with; none if nothing is in force yet and nothing else was asked for.
    async fn base(&self, desk: &DeskId, version: u64) -> Result<Option<String>, Failure> {
        let row = match self.version(desk, version, "base_version").await {
            Ok(row) => row,
            Err(Failure::Desk(DeskError::Rejected(Rejection::NotActivated))) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        file::text(self.0.store.as_ref(), desk, &row.hash).await.map(Some)
    }

    async fn parked(
        &self,
        caller: &Caller,
        request: &v1::ListParkedRequest,
    ) -> Result<v1::ListParkedResponse, Failure> {
        let question = format!("ListParked {}", caller.desk);
        let page = Page::of(&question, request.page_size, &request.page_token)?;
        self.0.require(&caller.desk).await?;
        let parked = self
            .0
            .desks
            .parked(&caller.desk, page.after.as_deref(), page.size)
            .await?;
        Ok(v1::ListParkedResponse {
            items: parked.items.iter().map(parked_item).collect(),
            next_page_token: parked.next_after.map(|after| page.token(&after)).unwrap_or_default(),
        })
    }

    async fn retry(&self, caller: &Caller, request: &v1::RetryParkedRequest) -> Result<bool, Failure> {
        convert::request_id(&request.request_id)?;
        if request.parked_id.is_empty() {
            return Err(FieldError::new("parked_id", "must be given, as ListParked shows it").into());
        }
        match self.0.desks.retry_parked(&caller.desk, &request.parked_id).await {
            Ok(()) => Ok(true),
            Err(DeskError::NotParked(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn raise_level(&self, caller: &Caller, request: &v1::RaiseJournalLevelRequest) -> Result<u32, Failure> {
        convert::request_id(&request.request_id)?;
        convert::number("level", request.level.into())?;
        Ok(self
            .0
            .desks
            .raise_level(&caller.desk, request.level, caller.actor())
            .await?)
    }
}

const fn not_activated() -> Failure {
    Failure::Desk(DeskError::Rejected(Rejection::NotActivated))
}

fn parked_item(item: &ParkedItem) -> v1::ParkedItem {
    v1::ParkedItem {
        parked_id: item.id.clone(),
        what: item.what.clone(),
        reason: item.reason.clone(),
        parked_at: Some(convert::timestamp(item.at)),
    }
}

#[async_trait]
impl DeskService for DeskFiles {
    async fn apply_desk(
        &self,
        request: Request<v1::ApplyDeskRequest>,
    ) -> Result<Response<v1::ApplyDeskResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let applied = apply::apply(&self.0, &caller, request.into_inner()).await?;
        Ok(Response::new(applied))
    }

    async fn get_desk(&self, request: Request<v1::GetDeskRequest>) -> Result<Response<v1::GetDeskResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let version = self.get(&caller, request.get_ref().version).await?;
        Ok(Response::new(version))
    }

    async fn list_desks(
        &self,
        request: Request<v1::ListDesksRequest>,
    ) -> Result<Response<v1::ListDesksResponse>, Status> {
        let principal = request.extensions().get::<Principal>().ok_or(TokenError::Missing)?;
        let page = self.list(principal, request.get_ref()).await?;
        Ok(Response::new(page))
    }

    async fn list_desk_versions(
        &self,
        request: Request<v1::ListDeskVersionsRequest>,
    ) -> Result<Response<v1::ListDeskVersionsResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let page = self.versions(&caller, request.get_ref()).await?;
        Ok(Response::new(page))
    }

    async fn diff_desk(&self, request: Request<v1::DiffDeskRequest>) -> Result<Response<v1::DiffDeskResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let difference = self.diff(&caller, request.into_inner()).await?;
        Ok(Response::new(difference))
    }

    async fn simulate(&self, request: Request<v1::SimulateRequest>) -> Result<Response<v1::SimulateResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let simulated = self.run_dry(&caller, request.into_inner()).await?;
        Ok(Response::new(simulated))
    }

    async fn list_parked(
        &self,
        request: Request<v1::ListParkedRequest>,
    ) -> Result<Response<v1::ListParkedResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let page = self.parked(&caller, request.get_ref()).await?;
        Ok(Response::new(page))
    }

    async fn retry_parked(
        &self,
        request: Request<v1::RetryParkedRequest>,
    ) -> Result<Response<v1::RetryParkedResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let retried = self.retry(&caller, request.get_ref()).await?;
        Ok(Response::new(v1::RetryParkedResponse { retried }))
    }

    async fn raise_journal_level(
        &self,
        request: Request<v1::RaiseJournalLevelRequest>,
    ) -> Result<Response<v1::RaiseJournalLevelResponse>, Status> {
        let caller = authorize(request.extensions(), &request.get_ref().desk)?;
        let level = self.raise_level(&caller, request.get_ref()).await?;
        Ok(Response::new(v1::RaiseJournalLevelResponse { level }))
    }
}
