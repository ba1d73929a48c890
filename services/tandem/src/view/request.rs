//! The domain's words as the contracts write them.

use tandem_domain::{Channel, Priority};
use tandem_proto::v1;

/// A channel.
pub(crate) fn channel_to_proto(channel: Channel) -> v1::Channel {
    match channel {
        Channel::Email => v1::Channel::Email,
        Channel::Chat => v1::Channel::Chat,
        Channel::Phone => v1::Channel::Phone,
        Channel::Social => v1::Channel::Social,
    }
}

/// A priority.
pub(crate) fn priority_to_proto(priority: Priority) -> v1::Priority {
    match priority {
        Priority::Low => v1::Priority::Low,
        Priority::Normal => v1::Priority::Normal,
        Priority::High => v1::Priority::High,
        Priority::Urgent => v1::Priority::Urgent,
    }
}

/// An instant.
pub(crate) fn on_the_wire(at: jiff::Timestamp) -> prost_types::Timestamp {
    let whole = prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    };
    // Before 1970 the two carry the sign; the wire wants the nanoseconds positive.
    whole.normalized()
}
