//! Faulty files, made from a base file, and what is said of them.

use tandem_desk_file::parse;

/// What is written instead of which part of the base file, and the faults that this makes (`…`: anything).
pub(crate) type Case = (&'static str, &'static str, &'static [&'static str]);

fn fits(pattern: &str, line: &str) -> bool {
    match pattern.split_once('…') {
        Some((start, end)) => line.starts_with(start) && line.ends_with(end),
        None => line == pattern,
    }
}

pub(crate) fn check(base: &str, cases: &[Case]) {
    for (part, written, expected) in cases {
        assert_eq!(
            base.matches(part).count(),
            1,
            "the base file must have exactly one {part:?}"
        );
        let text = base.replace(part, written);
        let faults: Vec<String> = parse(&text)
            .err()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        let all_fit =
            faults.len() == expected.len() && expected.iter().zip(&faults).all(|(pattern, line)| fits(pattern, line));
        assert!(
            all_fit,
            "{written:?} made\n{}\ninstead of\n{}",
            faults.join("\n"),
            expected.join("\n")
        );
    }
}
