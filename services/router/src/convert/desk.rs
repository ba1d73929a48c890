//! Versions of desk files and what is wrong with them, on their way out.

use tandem_desk_file::Fault;
use tandem_proto::v1;
use tandem_routing::rows::VersionRow;

use super::timestamp;

/// One version of a desk.
pub(crate) fn version(row: &VersionRow) -> v1::DeskVersion {
    v1::DeskVersion {
        version: row.version,
        hash: row.hash.clone(),
        activated_at: Some(timestamp(row.activated_at)),
    }
}

/// What is wrong with a desk file, or looks like a mistake.
pub(crate) fn faults(faults: &[Fault]) -> Vec<v1::Fault> {
    let fault = |fault: &Fault| v1::Fault {
        line: fault.line,
        column: fault.column,
        path: fault.path.clone(),
        message: fault.message.clone(),
    };
    faults.iter().map(fault).collect()
}
