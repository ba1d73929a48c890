//! What keeps the code readable, counted. The exceptions are a ratchet: each may shrink, none may grow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const MOST_LINES_OF_A_FILE: usize = 500;
const MOST_LINES_OF_A_FUNCTION: usize = 70;

/// Files that are longer, and how long they may be.
const LONG_FILES: [(&str, usize); 1] = [("crates/desk-file/tests/faults.rs", 552)];

/// Functions that are longer, and how long they may be: one arm or row for each of many cases.
const LONG_FUNCTIONS: [(&str, usize); 10] = [
    ("crates/desk-file/tests/faults.rs: agents", 85),
    ("crates/desk-file/tests/faults.rs: rules", 80),
    ("crates/desk-file/tests/faults.rs: the_desk_itself", 74),
    ("crates/desk-file/tests/ladder_faults.rs: faults_of_policies", 97),
    (
        "crates/desk-file/tests/promise_faults.rs: faults_of_contacts_and_roles",
        78,
    ),
    (
        "crates/desk-file/tests/rules.rs: conditions_that_could_only_fail_are_refused_when_the_file_is_read",
        76,
    ),
    (
        "crates/desk-file/tests/versions.rs: each_difference_in_what_is_promised_is_one_line",
        80,
    ),
    ("crates/desk/src/codec/escalation/encode.rs: body", 74),
    ("crates/routing/tests/it/matrix.rs: permitted", 101),
    ("services/tandem/src/audit/tests/planted.rs: plant", 72),
];

/// What stands nowhere: an unfinished thing, or a test that is not run or waits for time to pass.
const NOWHERE: [&str; 4] = ["todo!", "unimplemented!", "#[ignore", "thread::sleep"];

/// Tests that only another test or a person starts.
const STARTED_BY_OTHERS: [(&str, &str); 3] = [
    ("crates/desk/tests/codec/golden.rs", "#[ignore"),
    ("crates/sla/tests/it/snapshots.rs", "#[ignore"),
    ("crates/store/tests/sqlite/crash.rs", "#[ignore"),
];

#[test]
fn no_file_is_longer_than_500_lines() {
    let files = sources().map(|source| (source.name, source.text.lines().count()));
    check_ratchet(files, MOST_LINES_OF_A_FILE, &LONG_FILES);
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let functions = sources().flat_map(|source| {
        let functions = functions(&source.text).into_iter();
        functions.map(move |(name, lines)| (format!("{}: {name}", source.name), lines))
    });
    check_ratchet(functions, MOST_LINES_OF_A_FUNCTION, &LONG_FUNCTIONS);
}

/// Nothing is longer than `most`, but for the exceptions; and each of them still is one.
#[track_caller]
fn check_ratchet(counted: impl Iterator<Item = (String, usize)>, most: usize, exceptions: &[(&str, usize)]) {
    let long: BTreeMap<String, usize> = counted.filter(|(_, lines)| *lines > most).collect();
    let exceptions: BTreeMap<&str, usize> = exceptions.iter().copied().collect();
    let allowed = |name: &str| exceptions.get(name).copied().unwrap_or(most);
    let too_long = long.iter().filter(|(name, lines)| **lines > allowed(name));
    let too_long = too_long.map(|(name, lines)| format!("{name} has {lines} lines: {} are allowed", allowed(name)));
    let obsolete = exceptions.keys().filter(|name| !long.contains_key(**name));
    let obsolete = obsolete.map(|name| format!("{name} is no exception any more: take it off the list"));
    none(too_long.chain(obsolete));
}

#[test]
fn nothing_is_left_unfinished_or_waits_for_time_to_pass() {
    // This file has to name what it looks for.
    let others = sources().filter(|source| source.name != "tests/tests/tidy.rs");
    none(others.flat_map(|source| {
        let is_exempt = |word: &&&str| STARTED_BY_OTHERS.contains(&(source.name.as_str(), **word));
        let found = NOWHERE
            .iter()
            .filter(|word| source.text.contains(**word) && !is_exempt(word));
        found
            .map(|word| format!("{} contains {word}", source.name))
            .collect::<Vec<_>>()
    }));
}

#[test]
fn log_messages_are_in_lower_case() {
    none(sources().flat_map(|source| {
        let wrong = log_messages(&source.text)
            .into_iter()
            .filter(|message| is_capitalised(message));
        wrong
            .map(|message| format!("{}: \"{message}\"", source.name))
            .collect::<Vec<_>>()
    }));
}

/// Fails with all that is wrong, not only with the first.
#[track_caller]
fn none(wrong: impl Iterator<Item = String>) {
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "\n  {}", wrong.join("\n  "));
}

struct Source {
    /// Seen from the workspace's root.
    name: String,
    text: String,
}

fn sources() -> impl Iterator<Item = Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["proto", "crates", "services", "tests"] {
        rust_files(&root.join(folder), &mut files);
    }
    assert!(files.len() > 50, "only {} files: is this the workspace?", files.len());
    files.into_iter().map(move |file| Source {
        name: file.strip_prefix(&root).expect("it is below").display().to_string(),
        text: std::fs::read_to_string(&file).expect("a source is text"),
    })
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Each function with its number of lines. Formatted code closes a function at the indentation at which it began.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| Some((at, function_name(line)?)));
    starts.map(|(at, name)| (name, length(&lines[at..]))).collect()
}

fn function_name(line: &str) -> Option<String> {
    let qualifiers = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern"];
    let mut words = line.split_whitespace().skip_while(|word| qualifiers.contains(word));
    let name = words.next().filter(|word| *word == "fn").and_then(|_| words.next())?;
    Some(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

fn length(lines: &[&str]) -> usize {
    let first = lines[0];
    let indentation = &first[..first.len() - first.trim_start().len()];
    let ends = |line: &&str| {
        line.strip_prefix(indentation)
            .is_some_and(|rest| rest == "}" || rest.starts_with("})"))
            || (*line == first && (line.ends_with('}') || line.ends_with(';')))
    };
    let declaration = lines
        .iter()
        .position(|line| line.trim_end().ends_with([';', '{']))
        .unwrap_or(0);
    if lines[declaration].trim_end().ends_with(';') {
        return declaration + 1;
    }
    lines.iter().position(ends).map_or(lines.len(), |end| end + 1)
}

/// The texts that are logged, whatever fields stand before them.
fn log_messages(text: &str) -> Vec<&str> {
    let macros = ["trace!(", "debug!(", "info!(", "warn!(", "error!("];
    let calls = macros
        .iter()
        .flat_map(|name| text.match_indices(name).map(|(at, name)| at + name.len()));
    calls.filter_map(|start| message(&text[start..])).collect()
}

/// The first text that is an argument of its own, and not a field's value.
fn message(call: &str) -> Option<&str> {
    let end = call.find(");").unwrap_or(call.len());
    let arguments = &call[..end];
    let quote = arguments
        .match_indices('"')
        .map(|(at, _)| at)
        .find(|at| arguments[..*at].trim_end().is_empty() || arguments[..*at].trim_end().ends_with(','))?;
    let rest = &arguments[quote + 1..];
    Some(&rest[..rest.find('"')?])
}

/// Capital letters alone are a name, such as SMTP.
fn is_capitalised(message: &str) -> bool {
    let mut letters = message.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
}

#[test]
fn the_counting_is_right() {
    let text = "impl A {\n    pub async fn one(&self) {\n        let x = || {\n        };\n    }\n\n    fn two();\n}\n\
                fn three() -> u8 { 3 }\nfn four(\n    a: u8,\n) -> u8 {\n    a\n}\n";
    let expected = [("one", 4), ("two", 1), ("three", 1), ("four", 5)].map(|(name, lines)| (name.to_owned(), lines));
    assert_eq!(functions(text), expected);
    let logged = "tracing::info!(desk = \"Acme\", %error, \"Taken over\"); warn!(\n    a,\n    \"not done\"\n);";
    assert_eq!(log_messages(logged), ["Taken over", "not done"]);
    assert!(is_capitalised("Taken over") && !is_capitalised("SMTP ended") && !is_capitalised("not done"));
}
