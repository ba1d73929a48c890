//! One framed list.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Cell, Row, Table};

use super::clock_time;
use crate::view::{ClockRow, clip, due, span};
use crate::watch::board::{AgentLine, Happened, QueueLine};
use crate::watch::look::{Look, Tone};

/// A list with a title, as words with their tones.
pub(super) struct Panel<const N: usize> {
    title: String,
    columns: [Column; N],
    rows: Vec<[(String, Tone); N]>,
    /// What stands there while there is nothing.
    empty: &'static str,
    /// Whether it is told how many rows do not fit.
    counts_rest: bool,
}

/// A column's header, and how wide it is.
enum Column {
    /// Takes what is left.
    Rest(&'static str),
    Word(&'static str, u16),
    Number(&'static str, u16),
}

/// A clock that is due within so many seconds is shown as a warning.
const SOON: i64 = 300;

pub(super) fn queues(queues: &[QueueLine]) -> Panel<5> {
    let rows = queues.iter().map(|queue| {
        let waiting = if queue.waiting > 0 { Tone::Warning } else { Tone::Usual };
        let in_hand = queue.assigned + queue.on_hold + queue.wrapping_up;
        [
            (queue.queue.clone(), Tone::Usual),
            (queue.waiting.to_string(), waiting),
            (queue.oldest_seconds.map(span).unwrap_or_default(), waiting),
            (queue.offered.to_string(), Tone::Usual),
            (in_hand.to_string(), Tone::Usual),
        ]
    });
    Panel {
        title: "Queues".to_owned(),
        columns: [
            Column::Rest("QUEUE"),
            Column::Number("WAIT", 4),
            Column::Number("OLDEST", 7),
            Column::Number("OFFER", 5),
            Column::Number("HAND", 4),
        ],
        rows: rows.collect(),
        empty: "no queues",
        counts_rest: true,
    }
}

/// Those who are there come first.
pub(super) fn agents(agents: &[AgentLine]) -> Panel<5> {
    let mut agents: Vec<_> = agents.iter().collect();
    agents.sort_by_key(|agent| agent.presence == "offline");
    let rows = agents.into_iter().map(|agent| {
        let tone = match agent.presence.as_str() {
            "online" => Tone::Good,
            "not_responding" => Tone::Alarm,
            "offline" => Tone::Quiet,
            _ => Tone::Warning,
        };
        let in_hand = agent.assigned + agent.on_hold + agent.wrapping_up;
        [
            (agent.agent.clone(), Tone::Usual),
            (agent.presence.replace('_', " "), tone),
            (format!("{}/{}", agent.used_units, agent.capacity_units), Tone::Usual),
            (agent.offered.to_string(), Tone::Usual),
            (in_hand.to_string(), Tone::Usual),
        ]
    });
    Panel {
        title: "Agents".to_owned(),
        columns: [
            Column::Rest("AGENT"),
            Column::Word("IS", 14),
            Column::Number("UNITS", 5),
            Column::Number("OFFER", 5),
            Column::Number("HAND", 4),
        ],
        rows: rows.collect(),
        empty: "no agents",
        counts_rest: true,
    }
}

pub(super) fn clocks(clocks: &[ClockRow]) -> Panel<5> {
    let rows = clocks.iter().map(|clock| {
        let tone = match clock.left_seconds {
            None => Tone::Quiet,
            Some(left) if left < 0 => Tone::Alarm,
            Some(left) if left <= SOON => Tone::Warning,
            Some(_) => Tone::Usual,
        };
        [
            (clock.ticket.clone(), Tone::Usual),
            (clock.clock.replace('_', " "), Tone::Usual),
            (due(clock.left_seconds), tone),
            (clock.state.clone(), tone),
            (clock.queue.clone(), Tone::Usual),
        ]
    });
    let breached = clocks.iter().filter(|clock| clock.state == "breached").count();
    let columns = [
        Column::Word("TICKET", 7),
        Column::Word("CLOCK", 14),
        Column::Word("DUE", 13),
        Column::Word("STATE", 9),
        Column::Rest("QUEUE"),
    ];
    Panel {
        title: if breached == 0 {
            "Clocks".to_owned()
        } else {
            format!("Clocks · {breached} breached")
        },
        columns,
        rows: rows.collect(),
        empty: "no clock runs",
        counts_rest: true,
    }
}

pub(super) fn events(events: &[Happened]) -> Panel<3> {
    let rows = events.iter().map(|event| {
        [
            (clock_time(&event.at).to_owned(), Tone::Quiet),
            (event.ticket.clone(), Tone::Usual),
            (event.what.clone(), Tone::Usual),
        ]
    });
    Panel {
        title: "Latest".to_owned(),
        columns: [Column::Word("AT", 9), Column::Word("TICKET", 7), Column::Rest("WHAT")],
        rows: rows.collect(),
        empty: "nothing has happened yet",
        counts_rest: false,
    }
}

impl<const N: usize> Panel<N> {
    /// As many rows as fit; where it counts, the last line says how many do not.
    pub(super) fn draw(self, frame: &mut Frame, area: Rect, look: Look) {
        let block = Block::bordered()
            .title(format!(" {} ", self.title))
            .title_style(look.style(Tone::Title));
        let inside = block.inner(area);
        frame.render_widget(block, area);
        if self.rows.is_empty() {
            return frame.render_widget(Line::styled(self.empty, look.style(Tone::Quiet)), inside);
        }
        let room = usize::from(inside.height.saturating_sub(1));
        let counted = self.counts_rest && self.rows.len() > room;
        let shown = if counted { room.saturating_sub(1) } else { room };
        let rest = self.rows.len().saturating_sub(shown);
        self.draw_rows(frame, inside, shown, look);
        if counted {
            let words = Line::styled(format!("+{rest} more"), look.style(Tone::Quiet));
            frame.render_widget(words, last_line(inside));
        }
    }

    fn draw_rows(self, frame: &mut Frame, area: Rect, most: usize, look: Look) {
        let columns = &self.columns;
        let header = columns
            .iter()
            .map(|column| column.cell(column.header(), Tone::Quiet, look));
        let header = Row::new(header);
        let rows = self.rows.iter().take(most).map(|row| {
            let cells = columns.iter().zip(row);
            Row::new(cells.map(|(column, (text, tone))| column.cell(text, *tone, look)))
        });
        let table = Table::new(rows, columns.iter().map(Column::width)).header(header);
        frame.render_widget(table.column_spacing(1), area);
    }
}

impl Column {
    fn header(&self) -> &'static str {
        match self {
            Self::Rest(header) | Self::Word(header, _) | Self::Number(header, _) => header,
        }
    }

    fn width(&self) -> Constraint {
        match self {
            Self::Rest(_) => Constraint::Fill(1),
            Self::Word(_, width) | Self::Number(_, width) => Constraint::Length(*width),
        }
    }

    fn cell(&self, text: &str, tone: Tone, look: Look) -> Cell<'static> {
        let side = if matches!(self, Self::Number(..)) {
            Alignment::Right
        } else {
            Alignment::Left
        };
        Cell::from(Line::styled(clip(text, usize::MAX), look.style(tone)).alignment(side))
    }
}

fn last_line(area: Rect) -> Rect {
    let [_, last] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]));
    last
}
