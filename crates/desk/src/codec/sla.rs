//! Calendars, SLA policies and ladders, as the compiled desk carries them.

mod calendar;
mod ladder;
mod policy;

use tandem_domain::SlaPlan;
use tandem_proto::v1;

use crate::DecodeError;
use crate::codec::common::{parsed, parsed_all, texts};

pub(super) fn to_proto(plan: &SlaPlan) -> v1::SlaPlan {
    let roles = plan.roles.iter();
    v1::SlaPlan {
        calendars: plan.calendars.iter().map(calendar::to_proto).collect(),
        policies: plan.policies.iter().map(policy::to_proto).collect(),
        ladders: plan.ladders.iter().map(ladder::to_proto).collect(),
        roles: roles
            .map(|(role, contacts)| v1::RoleContacts {
                role: role.to_string(),
                contacts: texts(contacts),
            })
            .collect(),
        contacts: texts(&plan.contacts),
    }
}

/// Absent in desks of older programs, which promised nothing.
pub(super) fn from_proto(plan: Option<v1::SlaPlan>) -> Result<SlaPlan, DecodeError> {
    let Some(plan) = plan else {
        return Ok(SlaPlan::default());
    };
    let role = |entry: &v1::RoleContacts| {
        Ok((
            parsed("sla.role", &entry.role)?,
            parsed_all("sla.role.contacts", &entry.contacts)?,
        ))
    };
    Ok(SlaPlan {
        calendars: plan
            .calendars
            .iter()
            .map(calendar::from_proto)
            .collect::<Result<_, _>>()?,
        policies: plan.policies.iter().map(policy::from_proto).collect::<Result<_, _>>()?,
        ladders: plan
            .ladders
            .into_iter()
            .map(ladder::from_proto)
            .collect::<Result<_, _>>()?,
        roles: plan.roles.iter().map(role).collect::<Result<_, DecodeError>>()?,
        contacts: parsed_all("sla.contacts", &plan.contacts)?,
    })
}
