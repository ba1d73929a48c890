//! Shares: `60%`, and with a tenth where that is wanted, `17.4%`.

/// A whole number of percent.
pub(crate) fn parse(text: &str) -> Option<u8> {
    digits(text.strip_suffix('%')?)?.parse().ok()
}

/// Percent with one decimal place at most, as a number per mille.
pub(crate) fn per_mille(text: &str) -> Option<u32> {
    let percent = text.strip_suffix('%')?;
    let (whole, tenth) = percent.split_once('.').unwrap_or((percent, "0"));
    let whole: u32 = digits(whole)?.parse().ok()?;
    let tenth: u32 = digits(tenth).filter(|tenth| tenth.len() == 1)?.parse().ok()?;
    whole.checked_mul(10)?.checked_add(tenth)
}

/// Shows a number per mille as percent.
pub(crate) fn show_per_mille(share: u32) -> String {
    match share % 10 {
        0 => format!("{}%", share / 10),
        tenth => format!("{}.{tenth}%", share / 10),
    }
}

/// `parse` would take a sign.
fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|b| b.is_ascii_digit()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_as_they_are_shown() {
        assert_eq!(parse("60%"), Some(60));
        for text in ["17.4%", "82.6%", "100%", "0.1%"] {
            assert_eq!(per_mille(text).map(show_per_mille).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for bad in ["", "%", "60", "+6%", "-6%", "6.5%", "999%", "6 %"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        for bad in ["17.45%", "1.%", ".5%", "1.5", "9999999999%", "1.+%"] {
            assert_eq!(per_mille(bad), None, "{bad}");
        }
    }
}
