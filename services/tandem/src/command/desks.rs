//! `tandem apply`

use std::path::Path;

use serde::Serialize;
use tandem_desk_file::Fault;
use tandem_proto::v1;
use tonic::Code;

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

/// A desk file's text, and what to call it.
struct File<'a> {
    name: &'a str,
    desk: String,
    text: String,
}

/// Applies a file and says so.
pub(crate) async fn apply_file(client: &Client, file: &Path, output: Format) -> Result<(), Failure> {
    let (file, dry_run) = (file.to_owned(), false);
    apply(client, &Apply { file, dry_run }, output).await
}

/// Applies a file's text quietly.
pub(crate) async fn apply_text(client: &Client, name: &str, text: &str) -> Result<(), Failure> {
    let file = File::new(name, text.to_owned())?;
    bring_into_force(client, file).await.map(drop)
}

/// Applies a desk file, or shows what it would change.
pub(crate) async fn apply(client: &Client, args: &Apply, output: Format) -> Result<(), Failure> {
    let name = args.file.display().to_string();
    let file = File::new(&name, read(&args.file)?)?;
    let applied = if args.dry_run {
        compare(client, file).await?
    } else {
        bring_into_force(client, file).await?
    };
    show(output, &applied, render)
}

impl<'a> File<'a> {
    /// A file that does not say whose it is, is checked here: all its faults are told.
    fn new(name: &'a str, text: String) -> Result<Self, Failure> {
        match tandem_desk_file::desk_key(&text) {
            Some(desk) => Ok(Self { name, desk, text }),
            None => Err(faulty(name, &tandem_desk_file::parse(&text).err().unwrap_or_default())),
        }
    }
}

async fn bring_into_force(client: &Client, file: File<'_>) -> Result<Applied, Failure> {
    let request = v1::ApplyDeskRequest {
        desk: file.desk.clone(),
        request_id: request_id(),
        text: file.text.clone(),
    };
    let response = match client.desks().apply_desk(request).await {
        Ok(response) => response.into_inner(),
        // A refusal has no room for all faults; the comparison has.
        Err(status) if status.code() == Code::InvalidArgument => {
            return compare(client, file).await.and(Err(status.into()));
        }
        Err(status) => return Err(status.into()),
    };
    Ok(Applied {
        desk: file.desk,
        version: response.version.map(|version| version.version),
        unchanged: response.unchanged,
        dry_run: false,
        changes: response.changes,
        warnings: in_words(response.warnings),
    })
}

async fn compare(client: &Client, file: File<'_>) -> Result<Applied, Failure> {
    let request = v1::DiffDeskRequest {
        desk: file.desk.clone(),
        base_version: 0,
        other: Some(v1::diff_desk_request::Other::Text(file.text)),
    };
    let response = client.desks().diff_desk(request).await?.into_inner();
    if !response.faults.is_empty() {
        let faults: Vec<_> = response.faults.into_iter().map(fault).collect();
        return Err(faulty(file.name, &faults));
    }
    Ok(Applied {
        desk: file.desk,
        version: None,
        unchanged: response.changes.is_empty(),
        dry_run: true,
        changes: response.changes,
        warnings: in_words(response.warnings),
    })
}

/// Faults in the file are an answer, not a wrong call.
fn faulty(file: &str, faults: &[Fault]) -> Failure {
    let count = match faults.len() {
        1 => "1 fault".to_owned(),
        many => format!("{many} faults"),
    };
    let lines = faults.iter().map(|fault| format!("  {fault}"));
    let head = format!("{file}: {count}, so nothing changes");
    Failure::No(std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n"))
}

fn in_words(faults: Vec<v1::Fault>) -> Vec<String> {
    faults.into_iter().map(|each| fault(each).to_string()).collect()
}

fn fault(fault: v1::Fault) -> Fault {
    Fault {
        line: fault.line,
        column: fault.column,
        path: fault.path,
        message: fault.message,
    }
}

/// A file's text; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let read = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))
}

fn render(applied: &Applied) -> String {
    let desk = &applied.desk;
    let head = match (applied.unchanged, applied.dry_run, applied.version) {
        (true, ..) => format!("desk {desk}: nothing changes"),
        (false, true, _) => format!("desk {desk}: would change"),
        (false, false, version) => format!("desk {desk}: version {} is in force", version.unwrap_or_default()),
    };
    let changes = applied.changes.iter().map(|line| format!("\n  {line}"));
    let warnings = applied.warnings.iter().map(|line| format!("\n  warning {line}"));
    std::iter::once(head).chain(changes).chain(warnings).collect()
}
