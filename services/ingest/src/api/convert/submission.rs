//! A submission, checked against the contract and the desk; all that is wrong with it is said at once.

use tandem_domain::{AccountId, Channel, ErrorCode, LanguageTag, Trace};
use tandem_proto::v1;
use tandem_service_kit::auth::Caller;
use tandem_service_kit::error::ApiError;
use tandem_service_kit::fields::instant;

use super::request_id;
use crate::directory::Desk;
use crate::mail::Address;
use crate::submission::Submitted;

/// Bytes at most, each.
const CONTACT: usize = 320;
const SUBJECT: usize = 1 << 10;
const TEXT: usize = 256 << 10;
const CONVERSATION_KEY: usize = 256;
const CUSTOMER_KEY: usize = 256;
/// Accounts that are named to whoever names an unknown one; a status must stay small.
const ACCOUNTS_NAMED: usize = 20;

/// What ingest takes, if nothing is wrong with the request.
pub(in crate::api) fn submitted(
    request: v1::SubmitRequest,
    caller: &Caller,
    desk: &Desk,
    trace: Trace,
) -> Result<Submitted, ApiError> {
    let mut faults = too_long(&request);
    let id = request_id(&request.request_id).map_err(|error| error.allowed);
    faults.extend(fault("request_id", id));
    let due_at = request.due_at.map(|at| instant("due_at", Some(at))).transpose();
    faults.extend(due_at.as_ref().err().map(|error| ("due_at", error.allowed.clone())));
    match (known_account(desk, &request.account), language(&request.language)) {
        (Ok((account, channel)), Ok(language)) if faults.is_empty() => Ok(Submitted {
            due_at: due_at.ok().flatten(),
            customer_key: request.customer_key,
            caller: caller.principal.subject.clone(),
            request_id: request.request_id,
            account,
            channel,
            from: request.from.map(address),
            subject: one_line(&request.subject),
            text: request.text,
            conversation_key: request.conversation_key,
            language,
            automatic: request.automatic,
            trace,
        }),
        (account, language) => {
            faults.extend(fault("account", account).into_iter().chain(fault("language", language)));
            Err(invalid(faults))
        }
    }
}

type Fault = (&'static str, String);

fn fault<T>(field: &'static str, checked: Result<T, String>) -> Option<Fault> {
    checked.err().map(|allowed| (field, allowed))
}

fn invalid(faults: Vec<Fault>) -> ApiError {
    let error = ApiError::new(ErrorCode::InvalidArgument, "the request is not valid");
    faults
        .into_iter()
        .fold(error, |error, (field, allowed)| error.field(field, allowed))
}

fn too_long(request: &v1::SubmitRequest) -> Vec<Fault> {
    let from = request.from.as_ref();
    let sizes = [
        ("from.address", from.map_or(0, |from| from.address.len()), CONTACT),
        ("from.name", from.map_or(0, |from| from.name.len()), CONTACT),
        ("subject", request.subject.len(), SUBJECT),
        ("text", request.text.len(), TEXT),
        ("conversation_key", request.conversation_key.len(), CONVERSATION_KEY),
        ("customer_key", request.customer_key.len(), CUSTOMER_KEY),
    ];
    let too_long = sizes.into_iter().filter(|(_, size, most)| size > most);
    too_long
        .map(|(field, size, most)| (field, format!("{size} bytes are too many: at most {most}")))
        .collect()
}

/// The account and its channel; otherwise, which ones there are.
fn known_account(desk: &Desk, key: &str) -> Result<(AccountId, Channel), String> {
    if let Some((account, known)) = desk.accounts.get_key_value(key) {
        return Ok((account.clone(), known.channel));
    }
    let names: Vec<_> = desk
        .accounts
        .keys()
        .map(AccountId::as_str)
        .take(ACCOUNTS_NAMED)
        .collect();
    let more = if desk.accounts.len() > ACCOUNTS_NAMED {
        " …"
    } else {
        ""
    };
    Err(format!(
        "no such account on this desk; it has: {}{more}",
        names.join(", ")
    ))
}

fn language(text: &str) -> Result<Option<LanguageTag>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse::<LanguageTag>().map(Some).map_err(|error| error.to_string())
}

fn address(contact: v1::Contact) -> Address {
    let given = |text: String| (!text.is_empty()).then(|| one_line(&text));
    Address {
        name: given(contact.name),
        address: given(contact.address),
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
