//! `tandem timeline`

use serde::Serialize;
use tandem_proto::v1;

use crate::cli::{Format, Timeline};
use crate::client::{Client, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::time;

#[derive(Serialize)]
struct Told {
    entries: Vec<Entry>,
    left_out: u64,
}

#[derive(Serialize)]
struct Entry {
    seq: u64,
    at: String,
    kind: String,
    actor: String,
    what: String,
    /// Empty: no offer.
    offer: String,
}

/// Tells what happened to a ticket.
pub(crate) async fn run(client: &Client, args: &Timeline, output: Format) -> Result<(), Failure> {
    let ticket_id = ticket_id(&args.ticket)?;
    let desk = client.desk(&args.desk).await?;
    let request = v1::GetTimelineRequest {
        desk,
        ticket_id,
        max_entries: args.limit,
    };
    let response = client.tickets().get_timeline(request).await?.into_inner();
    let told = Told {
        entries: response.entries.into_iter().map(entry).collect(),
        left_out: response.left_out,
    };
    show(output, &told, render)
}

fn entry(entry: v1::TimelineEntry) -> Entry {
    let offer = match entry.offer_id {
        0 => String::new(),
        number => format!("O{number}"),
    };
    Entry {
        seq: entry.seq,
        at: time(entry.at.as_ref()),
        kind: entry.kind,
        actor: entry.actor,
        what: entry.what,
        offer,
    }
}

fn render(told: &Told) -> String {
    let cells = told.entries.iter().map(|entry| {
        [
            entry.seq.to_string(),
            entry.at.clone(),
            entry.actor.clone(),
            entry.offer.clone(),
            entry.what.clone(),
        ]
    });
    let lines = table(["SEQ", "WHEN", "WHO", "OFFER", "WHAT"], cells, "nothing happened to it");
    match told.left_out {
        0 => lines,
        older => format!("({older} older events are left out)\n{lines}"),
    }
}
