//! `tandem audit`, asked.

use crate::programs::tandem;

/// Audits with the measures, and returns what it found, a line each; `source` is where to look, such as `--data-dir` and a path.
pub fn findings(source: &[&str]) -> Vec<String> {
    let arguments: Vec<&str> = ["--output", "json", "audit", "--metrics"]
        .into_iter()
        .chain(source.iter().copied())
        .collect();
    let output = tandem(&arguments);
    let text = String::from_utf8_lossy(&output.stdout);
    let report: serde_json::Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("no report ({error}): {text}{}", String::from_utf8_lossy(&output.stderr)));
    let desks = report["desks"].as_array().map_or(&[][..], Vec::as_slice);
    assert!(!desks.is_empty(), "nothing was audited: {report}");
    let all_recounted = desks.iter().all(|desk| desk["measures_recounted"].is_u64());
    assert!(all_recounted, "not all measures were counted again: {report}");
    let findings: Vec<String> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(output.status.success(), findings.is_empty(), "{report}");
    findings
}
