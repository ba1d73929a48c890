//! Running a desk dry.

use tandem_domain::{CompiledDesk, DeskId};
use tandem_proto::v1;
use tandem_proto::v1::simulate_request::Other;
use tandem_routing::dry_run::Plan;
use tandem_service_kit::auth::Caller;

use super::{DeskFiles, file};
use crate::convert;
use crate::errors::Failure;
use crate::simulate::{self, Stretch, assumptions, differences};

impl DeskFiles {
    pub(super) async fn run_dry(
        &self,
        caller: &Caller,
        mut request: v1::SimulateRequest,
    ) -> Result<v1::SimulateResponse, Failure> {
        let (api, desk) = (&self.0, &caller.desk);
        let (assumptions, named) = (assumptions(request.assumptions)?, differences(request.max_differences)?);
        let stretch = Stretch::of(&request, api.store.now().await?)?;
        api.require(desk).await?;
        let plan = Plan {
            from: stretch.from,
            other: self.other(desk, request.other.take(), &stretch).await?,
            assumptions,
            named,
        };
        let simulated = simulate::simulate(&api.simulations, api.store.as_ref(), desk, stretch, plan).await?;
        Ok(v1::SimulateResponse {
            from: Some(convert::timestamp(stretch.from)),
            to: Some(convert::timestamp(stretch.to)),
            ..convert::comparison(&simulated.comparison, assumptions, simulated.diverged_at)
        })
    }

    /// The version to be tried; none: the one that was in force.
    async fn other(
        &self,
        desk: &DeskId,
        other: Option<Other>,
        stretch: &Stretch,
    ) -> Result<Option<CompiledDesk>, Failure> {
        let store = self.0.store.as_ref();
        let text = match other {
            None => return Ok(None),
            Some(Other::Text(text)) => text,
            Some(Other::Version(version)) => {
                let row = self
                    .version(desk, convert::number("version", version)?, "version")
                    .await?;
                file::text(store, desk, &row.hash).await?
            }
        };
        let other = file::checked(text, desk)?.compiled;
        let in_force = self.version(desk, 0, "version").await?;
        Ok(stretch.other_than(&in_force, other))
    }
}
