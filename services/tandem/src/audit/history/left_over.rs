//! Rows that an earlier version wrote of tickets while they were open.

use tandem_domain::TicketId;
use tandem_domain::routing::TicketView;
use tandem_routing::rows;

use super::History;

impl History {
    /// Whether the row is a leftover, which readers know for one: of an open ticket they ask its desk's owner, and
    /// an index only leads them to a ticket's own row.
    pub(crate) fn is_left_over(&self, table: &str, key: &str, value: &[u8]) -> bool {
        let number = key.rsplit('/').next().and_then(|number| number.parse().ok());
        let Some(ticket) = number.map(TicketId) else {
            return false;
        };
        if table == rows::TICKET {
            let row = serde_json::from_slice::<TicketView>(value);
            self.tickets.get(ticket).is_some() && row.is_ok_and(|row| !rows::of_ended(&row))
        } else {
            rows::INDICES.contains(&table) && self.tickets.was_opened(ticket)
        }
    }
}
