//! `tandem reply`, `tandem note`, `tandem read`

use serde::Serialize;
use tandem_proto::v1;
use tonic::Status;

use super::lists::stored;
use crate::cli::{Format, Note, Read, Reply, Text, Then};
use crate::client::{Client, request_id, ticket_id};
use crate::failure::Failure;
use crate::output::show;
use crate::view::{MessageRow, TicketRow, clean};

/// Something that is written on a ticket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Writing {
    pub(crate) ticket: u64,
    pub(crate) text: String,
    /// For colleagues only.
    pub(crate) internal: bool,
    pub(crate) then: v1::AfterAnswer,
}

#[derive(Serialize)]
struct Written {
    message: String,
    ticket: TicketRow,
}

/// A message with what it says.
#[derive(Serialize)]
struct TextRow {
    #[serde(flatten)]
    message: MessageRow,
    text: String,
}

/// Answers the customer.
pub(crate) async fn reply(client: &Client, args: &Reply, output: Format) -> Result<(), Failure> {
    let writing = Writing {
        ticket: ticket_id(&args.ticket)?,
        text: text(&args.text)?,
        internal: false,
        then: match args.then {
            Then::Keep => v1::AfterAnswer::Keep,
            Then::Await => v1::AfterAnswer::AwaitCustomer,
            Then::Resolve => v1::AfterAnswer::Resolve,
        },
    };
    let desk = client.desk(&args.desk).await?;
    show(output, &write_down(client, desk, writing).await?, |written| {
        let ticket = &written.ticket;
        format!("answered; {} is {} ({})", ticket.ticket, ticket.state, ticket.status)
    })
}

/// Notes something for colleagues.
pub(crate) async fn note(client: &Client, args: &Note, output: Format) -> Result<(), Failure> {
    let writing = Writing {
        ticket: ticket_id(&args.ticket)?,
        text: text(&args.text)?,
        internal: true,
        then: v1::AfterAnswer::Keep,
    };
    let desk = client.desk(&args.desk).await?;
    show(output, &write_down(client, desk, writing).await?, |written| {
        format!("noted on {}", written.ticket.ticket)
    })
}

async fn write_down(client: &Client, desk: String, writing: Writing) -> Result<Written, Failure> {
    let response = write(client, desk, writing).await?;
    Ok(Written {
        message: response.message_id,
        ticket: TicketRow::from(&response.ticket.unwrap_or_default()),
    })
}

/// Writes an answer or a note on a ticket.
pub(crate) async fn write(client: &Client, desk: String, writing: Writing) -> Result<v1::ReplyResponse, Status> {
    let request = v1::ReplyRequest {
        desk,
        request_id: request_id(),
        ticket_id: writing.ticket,
        text: writing.text,
        internal: writing.internal,
        then: writing.then.into(),
    };
    Ok(client.tickets().reply(request).await?.into_inner())
}

fn text(text: &Text) -> Result<String, Failure> {
    let read = match (text.text.as_deref(), &text.file) {
        (Some("-"), _) => std::io::read_to_string(std::io::stdin()),
        (Some(given), _) => return Ok(given.to_owned()),
        (None, Some(file)) => std::fs::read_to_string(file),
        (None, None) => return Err(Failure::Input("say what to write".into())),
    };
    read.map_err(|error| Failure::Input(format!("the text cannot be read: {error}")))
}

/// Shows everything that was written on a ticket.
pub(crate) async fn read(client: &Client, args: &Read, output: Format) -> Result<(), Failure> {
    let ticket = ticket_id(&args.ticket)?;
    let desk = client.desk(&args.desk).await?;
    // One that does not exist is told apart from one on which nothing is written.
    let request = v1::GetTicketRequest {
        desk: desk.clone(),
        ticket_id: ticket,
    };
    client.tickets().get_ticket(request).await?;
    let rows: Vec<_> = messages(client, &desk, ticket).await?.iter().map(row).collect();
    show(output, &rows, |rows| {
        let texts: Vec<_> = rows.iter().map(|row| shown(&row.message, &row.text)).collect();
        if texts.is_empty() {
            "nothing is written on it".to_owned()
        } else {
            texts.join("\n\n")
        }
    })
}

/// Everything that was written on a ticket, oldest first.
pub(crate) async fn messages(client: &Client, desk: &str, ticket: u64) -> Result<Vec<v1::Message>, Failure> {
    stored(client, desk, Some(ticket), usize::MAX).await
}

fn row(message: &v1::Message) -> TextRow {
    TextRow {
        message: MessageRow::from(message),
        text: message.text.clone(),
    }
}

/// A message as people read it: who wrote it when, then what it says.
pub(crate) fn shown(message: &MessageRow, text: &str) -> String {
    let subject = match message.subject.as_str() {
        "" => String::new(),
        subject => format!(" · {}", clean(subject)),
    };
    let kind = match message.direction.as_str() {
        "note" => " notes for colleagues",
        "answer" => " answers",
        _ => "",
    };
    let head = format!("{} · {}{kind}{subject}", message.received_at, clean(message.writer()));
    let lines = text.trim_end().lines().map(|line| format!("\n  {}", clean(line)));
    std::iter::once(head).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(direction: v1::MessageDirection, author: &str) -> MessageRow {
        MessageRow::from(&v1::Message {
            direction: direction.into(),
            author: author.to_owned(),
            subject: "parcel".to_owned(),
            from: Some(v1::Contact {
                address: "ann@customers.example".to_owned(),
                ..v1::Contact::default()
            }),
            ..v1::Message::default()
        })
    }

    #[test]
    fn it_is_told_who_speaks_to_whom() {
        use v1::MessageDirection::{Answer, Inbound, Note};
        let head = |direction, author| shown(&message(direction, author), "");
        assert_eq!(head(Inbound, ""), " · ann@customers.example · parcel");
        assert_eq!(head(Answer, "ana"), " · ana answers · parcel");
        assert_eq!(head(Note, ""), " · a supervisor notes for colleagues · parcel");
    }

    #[test]
    fn a_text_cannot_write_to_the_terminal() {
        let row = message(v1::MessageDirection::Inbound, "");
        assert!(shown(&row, "Hello\r\n\x1b[2Jthere\n").ends_with("parcel\n  Hello\n   [2Jthere"));
    }
}
