use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::*;
use crate::view::ClockRow;
use crate::watch::board::{AgentLine, Happened, QueueLine, Today};

const SMALL: &str = include_str!("tests/80x24.txt");
const LARGE: &str = include_str!("tests/160x30.txt");
const EMPTY: &str = include_str!("tests/empty.txt");

fn queue(queue: &str, waiting: u64, oldest_seconds: Option<u64>, offered: u64, assigned: u64) -> QueueLine {
    QueueLine {
        queue: queue.to_owned(),
        waiting,
        offered,
        assigned,
        on_hold: 0,
        wrapping_up: 0,
        oldest_seconds,
    }
}

fn agent(agent: &str, presence: &str, used_units: u32, assigned: u64) -> AgentLine {
    AgentLine {
        agent: agent.to_owned(),
        presence: presence.to_owned(),
        presence_seconds: None,
        used_units,
        capacity_units: 2,
        offered: u64::from(used_units) - assigned,
        assigned,
        on_hold: 0,
        wrapping_up: 0,
    }
}

fn due(ticket: &str, clock: &str, state: &str, queue: &str, left_seconds: Option<i64>) -> ClockRow {
    ClockRow {
        ticket: ticket.to_owned(),
        clock: clock.to_owned(),
        occurrence: 1,
        state: state.to_owned(),
        policy: "all".to_owned(),
        ladder: String::new(),
        queue: queue.to_owned(),
        priority: "normal".to_owned(),
        target_seconds: 3600.0,
        elapsed_seconds: 0.0,
        started_at: String::new(),
        deadline: String::new(),
        left_seconds,
        breached_at: String::new(),
        ended_at: String::new(),
    }
}

fn happened(at: &str, ticket: &str, what: &str) -> Happened {
    Happened {
        at: format!("2026-03-02T{at}Z"),
        ticket: ticket.to_owned(),
        kind: String::new(),
        what: what.to_owned(),
    }
}

/// A busy hour.
fn board() -> Board {
    Board {
        desk: "acme".to_owned(),
        at: "2026-03-02T14:03:27Z".to_owned(),
        today: Today {
            received: 112,
            accepted: 97,
            resolved: 90,
            abandoned: 3,
            service_level_percent: Some(91.4),
        },
        queues: vec![
            queue("billing", 12, Some(7500), 1, 4),
            queue("business", 0, None, 0, 1),
            queue("general", 1, Some(45), 2, 3),
            queue("technical", 0, None, 0, 0),
        ],
        agents: vec![
            agent("ana", "online", 2, 2),
            agent("ben", "offline", 0, 0),
            agent("chiara", "not_responding", 0, 0),
            agent("david", "away", 1, 1),
            agent("elise", "online", 1, 0),
            agent("farid", "online", 2, 1),
            agent("greta", "online", 0, 0),
            agent("hugo", "online", 1, 1),
        ],
        clocks: vec![
            due("T94", "resolution", "breached", "billing", Some(-754)),
            due("T101", "first_response", "running", "general", Some(200)),
            due("T110", "next_response", "running", "technical", Some(7300)),
            due("T99", "resolution", "paused", "general", None),
        ],
        events: vec![
            happened("14:03:25", "T111", "offered to elise"),
            happened("14:03:25", "T111", "opened in queue general, fr"),
            happened("14:03:02", "T94", "resolution breached"),
            happened("14:02:57", "T107", "answered by ana"),
            happened("14:01:30", "", "chiara is not responding"),
        ],
    }
}

fn terminal(width: u16, height: u16, board: &Board, link: &Link, look: Look) -> Terminal<TestBackend> {
    let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
    let Ok(_) = terminal.draw(|frame| draw(frame, board, link, look));
    terminal
}

/// The letters on the screen.
fn letters(width: u16, height: u16, board: &Board) -> String {
    let terminal = terminal(width, height, board, &Link::Live, Look::Coloured);
    let buffer = terminal.backend().buffer();
    let lines = buffer.content().chunks(usize::from(width)).map(|cells| {
        let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned() + "\n"
    });
    lines.collect()
}

#[track_caller]
fn check(drawn: &str, expected: &str) {
    assert!(drawn == expected, "drawn:\n{drawn}\nexpected:\n{expected}");
}

#[test]
fn it_fits_into_the_classic_terminal() {
    check(&letters(80, 24, &board()), SMALL);
}

#[test]
fn a_wide_window_shows_more_of_each_list() {
    check(&letters(160, 30, &board()), LARGE);
}

#[test]
fn a_desk_where_nothing_is_says_so() {
    check(&letters(80, 15, &Board::default()), EMPTY);
}

#[test]
fn a_window_that_is_too_small_says_what_is_needed() {
    assert!(letters(59, 20, &board()).starts_with("this window is too small: 60 by 12 are needed; q quits"));
    assert!(letters(60, 11, &board()).starts_with("this window is too small"));
    assert!(letters(60, 12, &board()).contains("Queues"));
    // Not even the words fit here; nothing breaks.
    letters(1, 1, &board());
}

#[test]
fn without_colours_no_cell_has_one() {
    let colours = |look| {
        let terminal = terminal(80, 24, &board(), &Link::Lost("no answer".to_owned()), look);
        let cells = terminal.backend().buffer().content().to_vec();
        cells
            .iter()
            .filter(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset))
            .count()
    };
    assert!(colours(Look::Coloured) > 0);
    assert_eq!(colours(Look::Plain), 0);
}

#[test]
fn a_lost_connection_is_told_beside_what_was_last_known() {
    let link = Link::Lost("no answer, trying again".to_owned());
    let terminal = terminal(80, 24, &board(), &link, Look::Plain);
    let drawn = terminal.backend().to_string();
    assert!(drawn.contains("no answer, trying again"), "{drawn}");
    assert!(drawn.contains("billing"), "{drawn}");
}

#[test]
fn what_comes_from_others_cannot_write_to_the_terminal() {
    let mut board = board();
    board.events[0].what = "a\x1b[2Jb".to_owned();
    assert!(letters(80, 24, &board).contains("a [2Jb"));
}
