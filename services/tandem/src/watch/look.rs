//! How things look: with colours, or with bold and reversed letters only. Words say everything; looks only stress it.

use ratatui::style::{Color, Modifier, Style};

/// How the screen may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Coloured,
    /// Without colours, as `NO_COLOR` asks for.
    Plain,
}

/// What a word is stressed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Title,
    Quiet,
    Usual,
    Good,
    Warning,
    Alarm,
}

impl Look {
    /// As the terminal's user wishes: <https://no-color.org>, and `TERM=dumb`.
    pub(crate) fn of_environment(no_color: Option<&str>, term: Option<&str>) -> Self {
        let unwanted = no_color.is_some_and(|value| !value.is_empty());
        if unwanted || term == Some("dumb") {
            Self::Plain
        } else {
            Self::Coloured
        }
    }

    /// A tone's style.
    pub(crate) fn style(self, tone: Tone) -> Style {
        let style = Style::new();
        match (self, tone) {
            (_, Tone::Usual) | (Self::Plain, Tone::Quiet | Tone::Good) => style,
            (_, Tone::Title) | (Self::Plain, Tone::Warning) => style.add_modifier(Modifier::BOLD),
            (Self::Plain, Tone::Alarm) => style.add_modifier(Modifier::REVERSED),
            (Self::Coloured, Tone::Quiet) => style.add_modifier(Modifier::DIM),
            (Self::Coloured, Tone::Good) => style.fg(Color::Green),
            (Self::Coloured, Tone::Warning) => style.fg(Color::Yellow),
            (Self::Coloured, Tone::Alarm) => style.fg(Color::Red).add_modifier(Modifier::BOLD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_left_out_where_nobody_wants_them() {
        assert_eq!(Look::of_environment(None, Some("xterm")), Look::Coloured);
        assert_eq!(Look::of_environment(Some(""), None), Look::Coloured);
        assert_eq!(Look::of_environment(Some("1"), Some("xterm")), Look::Plain);
        assert_eq!(Look::of_environment(None, Some("dumb")), Look::Plain);
    }

    #[test]
    fn an_alarm_stands_out_without_colours_too() {
        let style = Look::Plain.style(Tone::Alarm);
        assert_eq!((style.fg, style.bg), (None, None));
        assert!(style.add_modifier.contains(Modifier::REVERSED));
    }
}
