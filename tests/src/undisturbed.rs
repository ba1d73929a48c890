//! Whether others notice what a hostile peer does.

use std::time::Duration;

use tokio::time::Instant;

use crate::agent::request_id;
use crate::desks::GLOBEX;
use crate::mail::{Mail, deliver_surely};
use crate::site::Site;

/// Far more than a mail takes, and far less than any time-out behind which a hostile peer could hide.
pub const UNDISTURBED: Duration = Duration::from_secs(10);

/// Some customers write, as always; each mail is on a ticket in good time.
pub async fn write_normally(site: &Site, mails: usize) {
    for _ in 0..mails {
        let subject = format!("normal {}", request_id());
        let begin = Instant::now();
        deliver_surely(site.smtp[0], &Mail::new(GLOBEX, &subject)).await;
        site.ticket_of(GLOBEX, &subject).await;
        assert!(begin.elapsed() < UNDISTURBED, "it took {:?}", begin.elapsed());
    }
}
