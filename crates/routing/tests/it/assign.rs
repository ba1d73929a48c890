//! Batches of tickets and agents, solved: against every way there is, and against one after the other.

use proptest::prelude::*;
use tandem_routing::assign::{Batch, Matching, WORK_LIMIT, Worth, greedy, solve};

/// Per agent the free places; per ticket its rank and who could serve it at which cost.
#[derive(Clone, Debug)]
struct Instance {
    slots: Vec<u32>,
    tickets: Vec<(u32, Vec<(usize, u32)>)>,
}

impl Instance {
    fn batch(&self) -> Batch {
        let mut batch = Batch::new(self.slots.clone());
        for (rank, pairs) in &self.tickets {
            batch.add(*rank, pairs.iter().copied());
        }
        batch
    }

    /// Tries everything.
    fn best(&self) -> Worth {
        let batch = self.batch();
        let mut best: Option<Worth> = None;
        self.each(&mut Vec::new(), &mut |agents| {
            let matching = Matching {
                agents: agents.to_vec(),
                solved: true,
            };
            best = best.take().max(Some(batch.worth(&matching)));
        });
        best.unwrap()
    }

    fn each(&self, chosen: &mut Vec<Option<usize>>, look: &mut impl FnMut(&[Option<usize>])) {
        let Some((_, pairs)) = self.tickets.get(chosen.len()) else {
            return look(chosen);
        };
        let free = |agent: usize| {
            let taken = chosen.iter().filter(|taken| **taken == Some(agent)).count();
            taken < self.slots[agent] as usize
        };
        let options: Vec<_> = pairs
            .iter()
            .map(|(agent, _)| *agent)
            .filter(|agent| free(*agent))
            .collect();
        for option in options.into_iter().map(Some).chain([None]) {
            chosen.push(option);
            self.each(chosen, look);
            chosen.pop();
        }
    }
}

fn instances(tickets: usize, agents: usize, ranks: u32, dearest: u32) -> impl Strategy<Value = Instance> {
    let slots = prop::collection::vec(0..3u32, 1..=agents);
    slots.prop_flat_map(move |slots| {
        let pairs = prop::collection::btree_map(0..slots.len(), 0..=dearest, 0..=slots.len());
        let ticket = (0..ranks, pairs.prop_map(|pairs| pairs.into_iter().collect()));
        let tickets = prop::collection::vec(ticket, 0..=tickets);
        tickets.prop_map(move |tickets| Instance {
            slots: slots.clone(),
            tickets,
        })
    })
}

/// Pairs are kept, and nobody has more than there is room for.
fn check_possible(instance: &Instance, matching: &Matching) {
    assert_eq!(matching.agents.len(), instance.tickets.len());
    let mut slots = instance.slots.clone();
    for (agent, (_, pairs)) in matching.agents.iter().zip(&instance.tickets) {
        if let Some(agent) = agent {
            assert!(pairs.iter().any(|(could, _)| could == agent));
            slots[*agent] = slots[*agent].checked_sub(1).expect("room");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_way_is_better_than_the_solution(instance in instances(6, 4, 3, 4)) {
        let (batch, solution) = (instance.batch(), solve(&instance.batch(), WORK_LIMIT));
        check_possible(&instance, &solution);
        prop_assert!(solution.solved);
        prop_assert_eq!(batch.worth(&solution), instance.best());
    }

    #[test]
    fn a_solution_is_never_worth_less_than_one_after_the_other(instance in instances(40, 20, 5, 10)) {
        let batch = instance.batch();
        let (solution, greedy) = (solve(&batch, WORK_LIMIT), greedy(&batch));
        check_possible(&instance, &solution);
        check_possible(&instance, &greedy);
        prop_assert!(batch.worth(&solution) >= batch.worth(&greedy));
    }

    #[test]
    fn with_ranks_of_their_own_the_first_who_can_be_served_together_are(instance in instances(6, 4, 1, 4)) {
        let tickets = instance.tickets.iter().zip(0..).map(|((_, pairs), rank)| (rank, pairs.clone())).collect();
        let ranked = Instance { tickets, ..instance.clone() };
        let solution = solve(&ranked.batch(), WORK_LIMIT);
        prop_assert_eq!(ranked.batch().worth(&solution), ranked.best());
        // Keeping to the order costs none of the number of served.
        let count = |matching: &Matching| matching.agents.iter().flatten().count();
        prop_assert_eq!(count(&solution), count(&solve(&instance.batch(), WORK_LIMIT)));
    }

    #[test]
    fn beyond_the_work_limit_tickets_are_served_one_after_the_other(instance in instances(10, 5, 3, 4), limit in 0..30u64) {
        let batch = instance.batch();
        let matching = solve(&batch, limit);
        prop_assert!(matching.solved || matching == greedy(&batch));
        if !matching.solved {
            prop_assert!(solve(&batch, WORK_LIMIT).solved);
        }
    }
}

/// A small generator of its own: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Fifty skills and ten languages; an agent has five and two, a ticket asks for one of each.
fn polyglots(size: usize, seed: u64) -> Instance {
    let mut random = Random(seed);
    let mut some = |of: u64, count: usize| -> Vec<u64> { (0..count).map(|_| random.below(of)).collect() };
    let agents: Vec<_> = (0..size).map(|_| (some(50, 5), some(10, 2))).collect();
    let ticket = |(skill, language): (u64, u64)| {
        let able = agents
            .iter()
            .enumerate()
            .filter(|(_, (skills, languages))| skills.contains(&skill) && languages.contains(&language));
        (
            0,
            able.map(|(agent, (skills, _))| (agent, (skills[0] % 7) as u32))
                .collect(),
        )
    };
    let asked: Vec<_> = (0..size).map(|_| (some(50, 1)[0], some(10, 1)[0])).collect();
    Instance {
        slots: vec![1; size],
        tickets: asked.into_iter().map(ticket).collect(),
    }
}

#[test]
fn a_thousand_tickets_find_a_thousand_agents_where_one_after_the_other_leaves_some() {
    let batch = polyglots(1000, 42).batch();
    let (solution, greedy) = (solve(&batch, WORK_LIMIT), greedy(&batch));
    let count = |matching: &Matching| matching.agents.iter().flatten().count();
    assert!(solution.solved);
    assert!(count(&greedy) < 980, "{}", count(&greedy));
    assert!(count(&solution) >= 990, "{}", count(&solution));
}
