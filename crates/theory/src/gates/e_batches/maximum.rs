//! The most tickets that can be served at once: augmenting paths, as plain as can be (Kuhn).

/// How many of the tickets can be served, given the agents who could serve each.
pub(super) fn matching(fits: &[Vec<usize>], agents: usize) -> u64 {
    let mut held = vec![None; agents];
    let tickets = 0..fits.len();
    let served = tickets.filter(|ticket| augment(*ticket, fits, &mut held, &mut vec![false; agents]));
    u64::try_from(served.count()).expect("fewer than 2^64")
}

/// Finds the ticket an agent, moving others to other agents where that helps.
fn augment(ticket: usize, fits: &[Vec<usize>], held: &mut [Option<usize>], asked: &mut [bool]) -> bool {
    fits[ticket].iter().any(|agent| {
        if std::mem::replace(&mut asked[*agent], true) {
            return false;
        }
        let free = held[*agent].is_none_or(|other| augment(other, fits, held, asked));
        if free {
            held[*agent] = Some(ticket);
        }
        free
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_make_room_where_that_serves_one_more() {
        assert_eq!(matching(&[vec![0, 1], vec![0]], 2), 2);
        assert_eq!(matching(&[vec![0], vec![0]], 2), 1);
        assert_eq!(matching(&[vec![0, 1], vec![1, 2], vec![0], vec![0, 1]], 3), 3);
        assert_eq!(matching(&[vec![], vec![1]], 2), 1);
    }
}
