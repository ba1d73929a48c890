//! `tandem apply`

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use tandem_proto::v1;

use crate::cli::{Apply, Format};
use crate::client::{Client, request_id};
use crate::failure::Failure;
use crate::output::show;

#[derive(Serialize)]
struct Applied {
    desk: String,
    version: Option<u64>,
    unchanged: bool,
    dry_run: bool,
    changes: Vec<String>,
    warnings: Vec<String>,
}

/// Applies a file's text quietly.
pub async fn apply_text(client: &Client, desk: &str, text: &str) -> Result<(), Failure> {
    send(client, desk.to_owned(), text.to_owned(), desk).await.map(drop)
}

/// Applies a file and says so.
pub async fn apply_file(client: &Client, file: &Path) -> Result<(), Failure> {
    apply(
        client,
        &Apply {
            file: file.to_owned(),
            dry_run: false,
        },
        Format::Text,
    )
    .await
}

/// Applies a desk file, or shows what it would change.
pub async fn apply(client: &Client, apply: &Apply, output: Format) -> Result<(), Failure> {
    let text = read(&apply.file)?;
    let file = apply.file.display().to_string();
    let desk = desk_key(&text)
        .ok_or_else(|| Failure::Input(format!("{file}: the file does not say `desk: KEY` at its top")))?;
    let applied = if apply.dry_run {
        diff(client, desk, text, &file).await?
    } else {
        send(client, desk, text, &file).await?
    };
    show(output, &applied, render)
}

async fn send(client: &Client, desk: String, text: String, file: &str) -> Result<Applied, Failure> {
    let request = v1::ApplyDeskRequest {
        desk: desk.clone(),
        request_id: request_id(),
        text,
    };
    let response = client
        .desks()
        .apply_desk(request)
        .await
        .map_err(|status| in_file(file, status))?
        .into_inner();
    Ok(Applied {
        desk,
        version: response.version.map(|version| version.version),
        unchanged: response.unchanged,
        dry_run: false,
        changes: response.changes,
        warnings: lines(&response.warnings),
    })
}

async fn diff(client: &Client, desk: String, text: String, file: &str) -> Result<Applied, Failure> {
    let other = Some(v1::diff_desk_request::Other::Text(text));
    let request = v1::DiffDeskRequest {
        desk: desk.clone(),
        base_version: 0,
        other,
    };
    let response = client.desks().diff_desk(request).await?.into_inner();
    if !response.faults.is_empty() {
        return Err(Failure::No(format!(
            "{file}: {} faults\n  {}",
            response.faults.len(),
            lines(&response.faults).join("\n  ")
        )));
    }
    let unchanged = response.changes.is_empty();
    Ok(Applied {
        desk,
        version: None,
        unchanged,
        dry_run: true,
        changes: response.changes,
        warnings: lines(&response.warnings),
    })
}

/// Faults in the file are an answer, not a wrong call.
fn in_file(file: &str, status: tonic::Status) -> Failure {
    match Failure::from(status) {
        Failure::Input(text) => Failure::No(format!("{file}: {text}")),
        other => other,
    }
}

/// The file's own word for its desk; whether it is right is the router's to say.
fn desk_key(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("desk:"))?;
    let value = value.split(" #").next().unwrap_or_default();
    Some(value.trim().trim_matches(['"', '\'']).to_owned())
}

fn lines(faults: &[v1::Fault]) -> Vec<String> {
    faults
        .iter()
        .map(|fault| format!("{}:{} {}: {}", fault.line, fault.column, fault.path, fault.message))
        .collect()
}

fn read(path: &Path) -> Result<String, Failure> {
    let read = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))
}

fn render(applied: &Applied) -> String {
    let head = match (applied.dry_run, applied.unchanged, applied.version) {
        (_, true, _) => format!("desk {}: nothing changes", applied.desk),
        (true, false, _) => format!("desk {}: would change", applied.desk),
        (false, false, version) => format!(
            "desk {}: version {} is in force",
            applied.desk,
            version.unwrap_or_default()
        ),
    };
    let changes = applied.changes.iter().map(|line| format!("\n  {line}"));
    let warnings = applied.warnings.iter().map(|line| format!("\n  warning {line}"));
    std::iter::once(head).chain(changes).chain(warnings).collect()
}
