//! `tandem audit`: checks journals, read models and documents for everything that must never happen
//! (the blueprint's section 9). Reads only; what it checks should be at rest.

mod documents;
mod escalation;
mod finding;
mod history;
mod journal;
mod measures;
mod rows;

use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use tandem_desk::Journaled;
use tandem_domain::DeskId;
use tandem_routing::RoutingCore;
use tandem_store::{PostgresStore, SqliteStore, Store, StoreError, Stream};

use crate::cli::{Audit, Format, Target};
use crate::failure::Failure;
use crate::output::show;
use finding::{Finding, Findings};
use journal::Journal;

/// Enough for reading one thing after another.
const AUDIT_CONNECTIONS: u32 = 2;

/// What was looked at, and what is wrong.
#[derive(Debug, Serialize)]
struct Report {
    desks: Vec<DeskReport>,
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct DeskReport {
    desk: DeskId,
    records: u64,
    messages_stored: u64,
    messages_on_tickets: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    measures_recounted: Option<u64>,
}

/// Audits and prints; exit code 1 if anything was found.
pub(crate) async fn run(target: &Target, args: &Audit, output: Format) -> Result<ExitCode, Failure> {
    let store = open(target, args).await?;
    let streams = streams(store.as_ref(), args.desk.as_deref()).await?;
    let report = audit(store.as_ref(), &streams, args.metrics).await?;
    show(output, &report, render)?;
    Ok(ExitCode::from(u8::from(!report.findings.is_empty())))
}

/// How many faults there are in a store.
pub(crate) async fn count(store: &dyn Store) -> Result<usize, Failure> {
    let streams = streams(store, None).await?;
    let report = audit(store, &streams, true).await?;
    Ok(report.findings.len())
}

async fn open(target: &Target, args: &Audit) -> Result<Arc<dyn Store>, Failure> {
    if let Some(url) = &args.postgres {
        let store = PostgresStore::connect(url, AUDIT_CONNECTIONS).await?;
        return Ok(Arc::new(store));
    }
    let directory = &target.data_dir;
    // Opening would make one.
    if !SqliteStore::exists(directory) {
        return Err(Failure::Input(format!(
            "there is no data of Tandem's in {}: name its directory with --data-dir",
            directory.display()
        )));
    }
    let store = SqliteStore::open(directory).await?;
    Ok(Arc::new(store))
}

/// The journals of all desks, or of one.
async fn streams(store: &dyn Store, only: Option<&str>) -> Result<Vec<Stream>, Failure> {
    let all = store.streams(RoutingCore::SERVICE).await?;
    let Some(desk) = only else { return Ok(all) };
    let known: Vec<_> = all.iter().map(|stream| stream.desk.to_string()).collect();
    let chosen: Vec<_> = all.into_iter().filter(|stream| stream.desk.as_str() == desk).collect();
    if chosen.is_empty() {
        return Err(Failure::Input(format!(
            "there is no desk `{desk}` here: use one of {}",
            known.join(", ")
        )));
    }
    Ok(chosen)
}

async fn audit(store: &dyn Store, streams: &[Stream], metrics: bool) -> Result<Report, StoreError> {
    let mut report = Report {
        desks: Vec::new(),
        findings: Vec::new(),
    };
    for stream in streams {
        let (mut desk, findings) = audit_desk(store, stream).await?;
        report.findings.extend(findings);
        if metrics {
            let mut findings = Findings::new(stream.desk.clone());
            desk.measures_recounted = Some(measures::check(store, stream, &mut findings).await?);
            report.findings.extend(findings.list);
        }
        report.desks.push(desk);
    }
    Ok(report)
}

async fn audit_desk(store: &dyn Store, stream: &Stream) -> Result<(DeskReport, Vec<Finding>), StoreError> {
    let mut findings = Findings::new(stream.desk.clone());
    let journal = journal::follow(store, stream, &mut findings).await?;
    let mut desk = DeskReport {
        desk: stream.desk.clone(),
        records: journal.incarnations.len() as u64,
        messages_stored: 0,
        messages_on_tickets: journal.history.messages.len() as u64,
        measures_recounted: None,
    };
    // What is beside a journal says nothing while nobody knows what the journal says.
    if journal.whole {
        desk.messages_stored = check_beside(store, stream, &journal, &mut findings).await?;
    }
    Ok((desk, findings.list))
}

/// Checks what is stored beside the journal; returns how many messages there are.
async fn check_beside(
    store: &dyn Store,
    stream: &Stream,
    journal: &Journal,
    findings: &mut Findings,
) -> Result<u64, StoreError> {
    if let Some(expected) = &journal.rows {
        let is_left_over = |table: &str, key: &str, value: &[u8]| journal.history.is_left_over(table, key, value);
        let tables = &tandem_routing::rows::TABLES;
        rows::check(store, &stream.desk, tables, expected, is_left_over, findings).await?;
        rows::check_snapshot::<RoutingCore>(store, stream, findings).await?;
        journal.history.check_idle(findings);
    }
    rows::check_positions(store, stream, &journal.incarnations, findings).await?;
    escalation::check(store, stream, findings).await?;
    documents::check(store, stream, &journal.history, findings).await
}

fn render(report: &Report) -> String {
    let desks = report.desks.iter().map(|desk| {
        let recounted = desk
            .measures_recounted
            .map(|count| format!(", {count} measures counted again"));
        format!(
            "{}: {} records, {} messages stored, {} on tickets{}",
            desk.desk,
            desk.records,
            desk.messages_stored,
            desk.messages_on_tickets,
            recounted.unwrap_or_default()
        )
    });
    let findings = report.findings.iter().map(|finding| format!("FOUND {finding}"));
    let end = match (report.desks.len(), report.findings.len()) {
        (0, _) => "there are no desks yet".to_owned(),
        (_, 0) => "nothing found".to_owned(),
        (_, 1) => "1 fault found".to_owned(),
        (_, many) => format!("{many} faults found"),
    };
    desks.chain(findings).chain([end]).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
