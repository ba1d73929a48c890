//! What a delivery report says, as far as it matters here: that a mail will not arrive, or only that it is late.

/// Where what a report returns begins; what is said there was not said by the reporter.
const RETURNED: [&str; 2] = ["content-type: message/rfc822", "content-type: text/rfc822-headers"];

/// Whether a mail that is known to be a report says that something will not arrive. A report whose every `Action` is
/// another (RFC 3464, section 2.3.3: `delayed`, `delivered`, `relayed`, `expanded`) does not; one without any does.
#[must_use]
pub fn is_final_report(raw: &[u8]) -> bool {
    let mut actions = raw
        .split(|byte| *byte == b'\n')
        .map_while(own_line)
        .filter_map(|line| action(&line));
    let Some(first) = actions.next() else { return true };
    first || actions.any(|failed| failed)
}

/// In lower case; none from the beginning of what is returned on.
fn own_line(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(&line[..line.len().min(200)]).to_ascii_lowercase();
    let returned = RETURNED.iter().any(|beginning| line.starts_with(beginning));
    (!returned).then_some(line)
}

/// Whether an `Action` line says failed; none for other lines.
fn action(line: &str) -> Option<bool> {
    let value = line.strip_prefix("action:")?.trim_start();
    Some(value.starts_with("failed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_failure_is_final_and_one_of_delay_is_not() {
        let report = |actions: &str| is_final_report(format!("Subject: x\r\n\r\n{actions}\r\n").as_bytes());
        assert!(report("Action: failed"));
        assert!(report("action:  Failed (by rule)"));
        assert!(report("Action: delayed\r\n\r\nAction: failed"));
        assert!(report("550 no such user"), "an old report without fields");
        assert!(!report("Action: delayed"));
        assert!(!report("Action: delivered\r\n\r\nAction: relayed"));
    }

    #[test]
    fn what_is_returned_says_nothing() {
        let raw = b"Action: failed\r\n\r\nContent-Type: message/rfc822\r\n\r\nAction: delayed\r\n";
        assert!(is_final_report(raw));
        let raw = b"550 no\r\nContent-Type: text/rfc822-headers\r\nAction: delayed\r\n";
        assert!(is_final_report(raw));
    }
}
