//! `tandem explain`

use serde::Serialize;
use tandem_proto::v1;

use crate::cli::{Explain, Format};
use crate::client::{Client, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{TicketRow, time};

#[derive(Serialize)]
struct Explained {
    ticket: TicketRow,
    summary: String,
    position: u32,
    chosen: Option<String>,
    candidates: Vec<CandidateRow>,
    next_change_at: String,
}

#[derive(Serialize)]
struct CandidateRow {
    agent: String,
    rank: u32,
    lacks: Vec<String>,
}

/// Says why a ticket is where it is.
pub(crate) async fn run(client: &Client, args: &Explain, output: Format) -> Result<(), Failure> {
    let ticket_id = ticket_id(&args.ticket)?;
    let desk = client.desk(&args.desk).await?;
    let request = v1::ExplainTicketRequest { desk, ticket_id };
    let response = client.tickets().explain_ticket(request).await?.into_inner();
    let explained = Explained {
        ticket: TicketRow::from(&response.ticket.unwrap_or_default()),
        summary: response.summary,
        position: response.position,
        chosen: response.chosen.as_ref().map(ranking),
        candidates: response.candidates.iter().map(candidate).collect(),
        next_change_at: time(response.next_change_at.as_ref()),
    };
    show(output, &explained, render)
}

/// The facts that chose an agent, in a sentence.
pub(crate) fn ranking(ranking: &v1::Ranking) -> String {
    let winner = ranking.winner.clone().unwrap_or_default();
    if ranking.direct {
        return format!("{} was named by hand", winner.agent);
    }
    let others: Vec<_> = ranking.runners_up.iter().map(rank).collect();
    let behind = if others.is_empty() {
        String::new()
    } else {
        format!("; behind: {}", others.join(", "))
    };
    format!(
        "{} of {} agents fit, {} free; {} had {} of {} units taken{behind}",
        ranking.fit, ranking.considered, ranking.free, winner.agent, winner.used_units, winner.capacity_units
    )
}

fn rank(rank: &v1::Rank) -> String {
    format!("{} {}/{}", rank.agent, rank.used_units, rank.capacity_units)
}

fn candidate(candidate: &v1::Candidate) -> CandidateRow {
    CandidateRow {
        agent: candidate.agent.clone(),
        rank: candidate.rank,
        lacks: candidate.lacks.iter().map(lack).collect(),
    }
}

/// What is missing, and in brackets what there is instead.
fn lack(lack: &v1::Lack) -> String {
    use v1::lack::Kind;
    let v1::Lack { what, needs, has, .. } = lack;
    let missing = match lack.kind() {
        Kind::Team => format!("team {needs}"),
        Kind::Skill => format!("skill {what} {needs}"),
        Kind::Language => format!("language {what} {needs}"),
        Kind::Presence => return format!("is {has}"),
        Kind::Capacity => format!("room for {needs}"),
        Kind::ChannelMaximum => format!("{needs} of the channel"),
        Kind::PassedOver => return format!("is passed over until {}", time(lack.until.as_ref())),
        Kind::Unspecified => needs.clone(),
    };
    if has.is_empty() {
        missing
    } else {
        format!("{missing} (has {has})")
    }
}

fn render(explained: &Explained) -> String {
    let ticket = &explained.ticket;
    let mut lines = vec![
        format!(
            "{} is {} ({}), {} priority",
            ticket.ticket, ticket.state, ticket.status, ticket.priority
        ),
        format!("needs: {}", needs(ticket)),
        explained.summary.clone(),
    ];
    lines.extend(explained.chosen.as_ref().map(|chosen| format!("chosen: {chosen}")));
    if explained.position > 0 {
        lines.push(format!("position: {} among equal tickets", explained.position));
    }
    if !explained.next_change_at.is_empty() {
        lines.push(format!("next change by itself: {}", explained.next_change_at));
    }
    lines.push(String::new());
    lines.push(candidates_table(&explained.candidates));
    lines.join("\n")
}

fn needs(ticket: &TicketRow) -> String {
    let words = [&ticket.queue, &ticket.channel, &ticket.language];
    let words = words.into_iter().chain(&ticket.skills).map(String::as_str);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" · ")
}

fn candidates_table(candidates: &[CandidateRow]) -> String {
    let cells = candidates.iter().map(|row| {
        let rank = match row.rank {
            0 => "-".to_owned(),
            rank => rank.to_string(),
        };
        let lacks = match row.lacks.as_slice() {
            [] => "nothing".to_owned(),
            lacks => lacks.join(", "),
        };
        [rank, row.agent.clone(), lacks]
    });
    table(["RANK", "AGENT", "LACKS OR IS"], cells, "the desk has no agents")
}
