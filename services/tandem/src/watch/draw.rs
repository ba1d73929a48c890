//! Draws a board: four panels between a head line and a foot line, side by side where there is room.

mod panel;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::board::{Board, Today};
use super::look::{Look, Tone};
use crate::view::clip;

/// Below this nothing can be read.
const LEAST: (u16, u16) = (60, 12);
/// From here on clocks stand below queues, and events below agents; else each of the two has the whole width.
const WIDE: u16 = 132;

/// What the head line says beside the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Live,
    /// What is shown is old; why.
    Lost(String),
}

/// Draws the board.
pub(crate) fn draw(frame: &mut Frame, board: &Board, link: &Link, look: Look) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let (columns, rows) = LEAST;
        let words = format!("this window is too small: {columns} by {rows} are needed; q quits");
        return frame.render_widget(Paragraph::new(words), area);
    }
    let rows = [Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)];
    let [head, middle, foot] = area.layout(&Layout::vertical(rows));
    draw_head(frame, head, board, link, look);
    let [queues, agents, clocks, events] = if area.width >= WIDE {
        wide(middle, board)
    } else {
        narrow(middle, board)
    };
    panel::queues(&board.queues).draw(frame, queues, look);
    panel::agents(&board.agents).draw(frame, agents, look);
    panel::clocks(&board.clocks).draw(frame, clocks, look);
    panel::events(&board.events).draw(frame, events, look);
    draw_foot(frame, foot, &board.today, look);
}

/// What a panel needs beside its rows: frame and header.
const AROUND: u16 = 3;

fn needed(rows: usize) -> u16 {
    u16::try_from(rows.max(1)).unwrap_or(u16::MAX).saturating_add(AROUND)
}

fn wide(area: Rect, board: &Board) -> [Rect; 4] {
    let [left, right] = area.layout(&Layout::horizontal([Constraint::Fill(1); 2]));
    let most = area.height / 2;
    let split = |area: Rect, rows: usize| {
        let upper = Constraint::Length(needed(rows).min(most));
        area.layout(&Layout::vertical([upper, Constraint::Min(0)]))
    };
    let [queues, clocks] = split(left, board.queues.len());
    let [agents, events] = split(right, board.agents.len());
    [queues, agents, clocks, events]
}

fn narrow(area: Rect, board: &Board) -> [Rect; 4] {
    let upper = needed(board.queues.len().max(board.agents.len())).min(area.height * 2 / 5);
    let clocks = needed(board.clocks.len()).min((area.height - upper) / 2);
    let rows = [
        Constraint::Length(upper),
        Constraint::Length(clocks),
        Constraint::Min(0),
    ];
    let [upper, clocks, events] = area.layout(&Layout::vertical(rows));
    let [queues, agents] = upper.layout(&Layout::horizontal([Constraint::Fill(1); 2]));
    [queues, agents, clocks, events]
}

fn draw_head(frame: &mut Frame, area: Rect, board: &Board, link: &Link, look: Look) {
    let desk = Span::styled(format!(" tandem · {}", board.desk), look.style(Tone::Title));
    frame.render_widget(desk, area);
    let state = match link {
        Link::Live => Span::styled("live", look.style(Tone::Good)),
        Link::Lost(why) => Span::styled(clip(why, usize::from(LEAST.0) / 2), look.style(Tone::Alarm)),
    };
    let time = Span::raw(format!("{} · ", clock_time(&board.at)));
    let quit = Span::styled(" · q quits ", look.style(Tone::Quiet));
    frame.render_widget(Line::from(vec![time, state, quit]).alignment(Alignment::Right), area);
}

fn draw_foot(frame: &mut Frame, area: Rect, today: &Today, look: Look) {
    let counts = [
        ("received", today.received),
        ("accepted", today.accepted),
        ("resolved", today.resolved),
        ("abandoned", today.abandoned),
    ];
    let counts = counts.map(|(name, count)| format!("{name} {count}"));
    let level = today.service_level_percent.map(|level| format!("level {level:.0} %"));
    let words: Vec<_> = counts.into_iter().chain(level).collect();
    let today = Span::styled(" today  ", look.style(Tone::Title));
    frame.render_widget(Line::from(vec![today, Span::raw(words.join(" · "))]), area);
}

/// The time of day of an RFC 3339 instant in UTC.
fn clock_time(at: &str) -> &str {
    at.split_once('T').map_or(at, |(_, time)| time)
}

#[cfg(test)]
mod tests;
