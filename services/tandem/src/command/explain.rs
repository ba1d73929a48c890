//! `tandem explain`

use serde::Serialize;
use tandem_proto::v1;
use tandem_proto::v1::explain_ticket_request::At;

use crate::cli::{Explain, Format};
use crate::client::{Client, ticket_id};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{TicketRow, on_the_wire, seconds, time, whole_span};

#[derive(Serialize)]
struct Explained {
    ticket: TicketRow,
    summary: String,
    position: u32,
    chosen: Option<String>,
    candidates: Vec<CandidateRow>,
    next_change_at: String,
    /// 0: it does not wait.
    queue_position: u32,
    estimated_wait_seconds: Option<f64>,
    steps: u32,
    agents: u32,
    fit: u32,
    changes: Vec<ChangeRow>,
    wishes: Vec<WishRow>,
}

#[derive(Serialize)]
struct ChangeRow {
    at: String,
    what: String,
}

#[derive(Serialize)]
struct WishRow {
    what: String,
    /// Empty: somebody whom the desk does not have.
    agent: String,
    since: String,
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
    let at = args.at.as_deref().map(moment).transpose()?;
    let request = v1::ExplainTicketRequest { desk, ticket_id, at };
    let response = client.tickets().explain_ticket(request).await?.into_inner();
    let explained = Explained {
        ticket: TicketRow::from(&response.ticket.unwrap_or_default()),
        summary: response.summary,
        position: response.position,
        chosen: response.chosen.as_ref().map(ranking),
        candidates: response.candidates.iter().map(candidate).collect(),
        next_change_at: time(response.next_change_at.as_ref()),
        queue_position: response.queue_position,
        estimated_wait_seconds: response.estimated_wait.as_ref().map(|wait| seconds(Some(wait))),
        steps: response.steps,
        agents: response.agents,
        fit: response.fit,
        changes: response.changes.into_iter().map(change).collect(),
        wishes: response.wishes.into_iter().map(wish).collect(),
    };
    show(output, &explained, render)
}

/// A record's place, an offer or a time.
fn moment(text: &str) -> Result<At, Failure> {
    let offer = text.strip_prefix(['O', 'o']).and_then(|number| number.parse().ok());
    let seq = text.parse().ok().map(At::Seq);
    let time = || text.parse().ok().map(|at| At::Time(on_the_wire(at)));
    let moment = offer.map(At::OfferId).or(seq).or_else(time);
    moment.ok_or_else(|| {
        Failure::Input(format!(
            "`{text}` is no moment: use a record's place (17), an offer (O17) or a time (2026-03-02T09:00:00Z)"
        ))
    })
}

fn change(change: v1::Change) -> ChangeRow {
    ChangeRow {
        at: time(change.at.as_ref()),
        what: change.what,
    }
}

fn wish(wish: v1::Wish) -> WishRow {
    WishRow {
        what: wish.what,
        agent: wish.agent,
        since: time(wish.since.as_ref()),
    }
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
        Kind::OutOfHours => return out_of_hours(lack.until.as_ref()),
        Kind::Reserved => return format!("is not {needs}, for whom it is kept"),
        Kind::PassedOver => return format!("is passed over until {}", time(lack.until.as_ref())),
        Kind::Term | Kind::Unspecified => needs.clone(),
    };
    if has.is_empty() {
        missing
    } else {
        format!("{missing} (has {has})")
    }
}

fn out_of_hours(until: Option<&prost_types::Timestamp>) -> String {
    match until {
        Some(until) => format!("is outside his or her hours until {}", time(Some(until))),
        None => "has no hours any more".to_owned(),
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
    if ticket.unservable {
        lines.push("nobody on the desk can ever serve it: change the desk file, or what it asks for".to_owned());
    } else if explained.position > 0 {
        lines.push(format!(
            "position: {} among equal tickets, {} in its queue{}",
            explained.position,
            explained.queue_position,
            expected(explained)
        ));
    }
    let changes = explained.changes.iter();
    lines.extend(changes.map(|change| format!("at {}: {}", change.at, change.what)));
    let wishes = explained.wishes.iter();
    lines.extend(wishes.map(|wish| format!("since {}: {}", wish.since, wish.what)));
    lines.push(String::new());
    lines.push(candidates_table(&explained.candidates));
    lines.join("\n")
}

fn expected(explained: &Explained) -> String {
    let wait = explained.estimated_wait_seconds.map(whole_span);
    wait.map(|wait| format!("; about {wait} to wait")).unwrap_or_default()
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
