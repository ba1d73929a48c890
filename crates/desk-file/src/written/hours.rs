//! Working hours: `09:00-17:30`.

use tandem_domain::sla::Window;

/// Reads a window. `24:00` is allowed as an end; an end at or before the beginning is on the next day.
pub(crate) fn parse(text: &str) -> Option<Window> {
    let (from, to) = text.split_once('-')?;
    let (from_minute, to_minute) = (minute(from.trim())?, minute(to.trim())?);
    (from_minute < Window::DAY).then_some(Window { from_minute, to_minute })
}

pub(crate) fn show(window: Window) -> String {
    let [from, to] =
        [window.from_minute, window.to_minute].map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60));
    format!("{from}-{to}")
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let of_day = hour * 60 + minute;
    (minute < 60 && of_day <= Window::DAY).then_some(of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reads_as_it_is_written() {
        for text in ["09:00-17:30", "00:00-24:00", "22:00-06:00", "08:00-08:00"] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
        assert_eq!(parse("09:00 - 17:30").map(show).as_deref(), Some("09:00-17:30"));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for bad in [
            "",
            "9:00-17:00",
            "09:00",
            "24:00-25:00",
            "24:00-06:00",
            "09:60-10:00",
            "0900-1700",
            "+9:00-10:00",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
