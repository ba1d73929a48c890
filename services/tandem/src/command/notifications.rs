//! `tandem notifications`

use tandem_proto::v1;

use crate::cli::{Format, Notifications};
use crate::client::{Client, collect, request_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{NotificationRow, clip};

/// Lists who is to be told and was not yet, or tells one again.
pub(crate) async fn run(client: &Client, args: &Notifications, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    if let Some(notification) = &args.retry {
        return retry(client, desk, notification, output).await;
    }
    let notifications = collect(args.limit, async |page_size, page_token| {
        let request = v1::ListNotificationsRequest {
            desk: desk.clone(),
            page_size,
            page_token,
            failed_only: args.failed,
        };
        let page = client.escalations().list_notifications(request).await?.into_inner();
        Ok((page.notifications, page.next_page_token))
    });
    let rows: Vec<_> = notifications.await?.iter().map(NotificationRow::from).collect();
    show(output, &rows, |rows| notifications_table(rows))
}

fn notifications_table(rows: &[NotificationRow]) -> String {
    let cells = rows.iter().map(|row| {
        let next = if row.failure.is_empty() {
            row.next_attempt_at.clone()
        } else {
            "given up".to_owned()
        };
        [
            row.created_at.clone(),
            row.notification.clone(),
            row.contact.clone(),
            row.channel.clone(),
            row.escalation.clone(),
            row.ticket.clone(),
            row.attempts.to_string(),
            next,
            clip(&row.failure, 60),
        ]
    });
    let header = [
        "SINCE",
        "NOTIFICATION",
        "CONTACT",
        "BY",
        "ESCALATION",
        "TICKET",
        "ATTEMPTS",
        "NEXT",
        "REASON",
    ];
    table(header, cells, "nobody is still to be told")
}

async fn retry(client: &Client, desk: String, notification: &str, output: Format) -> Result<(), Failure> {
    let request = v1::RetryNotificationRequest {
        desk,
        request_id: request_id(),
        notification_id: notification.to_owned(),
    };
    let answer = client.escalations().retry_notification(request).await?;
    if !answer.into_inner().retried {
        return Err(Failure::No(format!(
            "`{notification}` was not given up: see `tandem notifications`"
        )));
    }
    show(output, &serde_json::json!({ "retried": notification }), |_| {
        format!("{notification} is being sent again")
    })
}
