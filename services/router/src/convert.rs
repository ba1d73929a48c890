//! Between the contracts' types and the domain's. Nothing else in this service reads or fills a field of a
//! ticket, an agent or a request.
//!
//! Requests become domain values through `TryFrom`; what is wrong names its field ([`FieldError`]).

mod bulk;
mod desk;
mod enums;
mod explain;
mod handling;
mod past;
mod reply;
mod simulate;
mod work;
mod write;

pub(crate) use bulk::{Bulk, Chosen, MOST_TICKETS};
pub(crate) use desk::{faults, version};
pub(crate) use enums::{decline_reason, presence, presence_if_given, states};
pub(crate) use explain::explanation;
pub(crate) use past::{entries, moment, timeline};
pub(crate) use reply::Draft;
pub(crate) use simulate::comparison;
pub(crate) use work::{Start, WorkAction, work_action};
pub(crate) use write::Write;

pub(crate) use tandem_desk::codec::routing::view::{agent, ticket, work_list};
pub(crate) use tandem_service_kit::fields::{FieldError, key, number, optional_key, request_id, timestamp};
