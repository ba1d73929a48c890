//! Our headers as NATS headers and back.

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue, NATS_MESSAGE_ID};
use bytes::Bytes;

use crate::{BusError, Headers};

/// Set on an empty reply in the place of one that was larger (in bytes) than the bus takes.
const TOO_LARGE: &str = "Tandem-Too-Large";

/// What NATS cannot carry (a name with a colon, a value with a line break) is left out: headers tell about a message,
/// nothing depends on them.
pub(super) fn to_nats(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            map.insert(name, value);
        }
    }
    map
}

/// Without those of NATS itself.
pub(super) fn from_nats(map: Option<&HeaderMap>) -> Headers {
    map.into_iter()
        .flat_map(HeaderMap::iter)
        .map(|(name, values)| {
            (
                name.to_string(),
                values.first().map_or("", HeaderValue::as_str).to_owned(),
            )
        })
        .filter(|(name, _)| !name.starts_with("Nats-"))
        .collect()
}

/// Empty for what somebody else published without one.
pub(super) fn message_id(map: Option<&HeaderMap>) -> String {
    map.and_then(|map| map.get(NATS_MESSAGE_ID))
        .map_or("", HeaderValue::as_str)
        .to_owned()
}

pub(super) fn too_large(size: usize) -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert(TOO_LARGE, HeaderValue::from(size));
    map
}

pub(super) fn reply(message: async_nats::Message, limit: usize) -> Result<Bytes, BusError> {
    let size = message
        .headers
        .as_ref()
        .and_then(|map| map.get(TOO_LARGE))
        .and_then(|size| size.as_str().parse().ok());
    size.map_or(Ok(message.payload), |size| Err(BusError::TooLarge { size, limit }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_the_way_there_and_back() {
        let headers = Headers::from([
            ("traceparent".into(), "00-1-2-01".into()),
            ("ce-id".into(), "a:1".into()),
        ]);
        assert_eq!(from_nats(Some(&to_nats(&headers))), headers);
    }

    #[test]
    fn what_would_break_the_protocol_is_left_out() {
        let headers = Headers::from([("a b:".into(), "x".into()), ("c".into(), "x\r\nNats-Msg-Id: 1".into())]);
        assert!(to_nats(&headers).is_empty());
    }
}
