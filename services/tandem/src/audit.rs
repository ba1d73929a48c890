//! `tandem audit`: checks journals, read models and documents for everything that must never happen
//! (the blueprint's section 9). Reads only; what it checks should be at rest.

mod documents;
mod finding;
mod history;
mod journal;
mod rows;

use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use tandem_domain::DeskId;
use tandem_store::{Store, StoreError, Stream};

use crate::cli::{Audit, Format, Target};
use crate::failure::Failure;
use crate::output::show;
use finding::{Finding, Findings};

const ROUTER: &str = "router";
/// Enough for reading one thing after another.
const AUDIT_CONNECTIONS: u32 = 2;

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
}

/// Audits and prints; exit code 1 if anything was found.
pub async fn run(target: &Target, args: &Audit, output: Format) -> Result<ExitCode, Failure> {
    let store = open(target, args).await?;
    let report = audit(store.as_ref(), args.desk.as_deref()).await.map_err(failed)?;
    show(output, &report, render)?;
    Ok(if report.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

async fn open(target: &Target, args: &Audit) -> Result<Arc<dyn Store>, Failure> {
    match &args.postgres {
        Some(url) => Ok(Arc::new(
            tandem_store::PostgresStore::connect(url, AUDIT_CONNECTIONS)
                .await
                .map_err(failed)?,
        )),
        None if !target.data_dir.is_dir() => Err(Failure::Input(format!(
            "{} is not a data directory: name one with --data-dir",
            target.data_dir.display()
        ))),
        None => Ok(Arc::new(
            tandem_store::SqliteStore::open(&target.data_dir)
                .await
                .map_err(failed)?,
        )),
    }
}

fn failed(error: StoreError) -> Failure {
    match error {
        StoreError::InUse(_) | StoreError::Unavailable(_) => Failure::Unreachable(error.to_string()),
        other => Failure::Fault(other.to_string()),
    }
}

/// How many faults there are in a store.
pub async fn count(store: &dyn Store) -> Result<usize, Failure> {
    audit(store, None)
        .await
        .map(|report| report.findings.len())
        .map_err(failed)
}

async fn audit(store: &dyn Store, only: Option<&str>) -> Result<Report, StoreError> {
    let mut report = Report {
        desks: Vec::new(),
        findings: Vec::new(),
    };
    for stream in store.streams(ROUTER).await? {
        if only.is_none_or(|desk| desk == stream.desk.as_str()) {
            let (desk, findings) = audit_desk(store, &stream).await?;
            report.desks.push(desk);
            report.findings.extend(findings);
        }
    }
    Ok(report)
}

async fn audit_desk(store: &dyn Store, stream: &Stream) -> Result<(DeskReport, Vec<Finding>), StoreError> {
    let mut findings = Findings::new(stream.desk.clone());
    let journal = journal::follow(store, stream, &mut findings).await?;
    rows::check(store, &stream.desk, &journal, &mut findings).await?;
    rows::check_positions(store, stream, &journal, &mut findings).await?;
    rows::check_snapshot(store, stream, &mut findings).await?;
    rows::check_idle(&journal, &mut findings);
    let stored = documents::check(store, &stream.desk, &journal.history.messages, &mut findings).await?;
    let desk = DeskReport {
        desk: stream.desk.clone(),
        records: journal.incarnations.len() as u64,
        messages_stored: stored,
        messages_on_tickets: journal.history.messages.len() as u64,
    };
    Ok((desk, findings.list))
}

fn render(report: &Report) -> String {
    let desks = report.desks.iter().map(|desk| {
        format!(
            "{}: {} records, {} messages stored, {} on tickets",
            desk.desk, desk.records, desk.messages_stored, desk.messages_on_tickets
        )
    });
    let findings = report.findings.iter().map(|finding| format!("FOUND {finding}"));
    let end = match report.findings.len() {
        0 => "nothing found".to_owned(),
        1 => "1 fault found".to_owned(),
        many => format!("{many} faults found"),
    };
    desks.chain(findings).chain([end]).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
