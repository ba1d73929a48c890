"""Optimal assignments of weighted 200 x 200 batches, found by scipy, for gate E of `make theory`.

    python3 weighted.py > ../src/gates/e_batches/optima.txt

Each line is: seed, tickets served, sum of costs. The instances are drawn by SplitMix64, which is the same in every
language, and written out in src/gates/e_batches/optima.rs, too: of each pair (ticket by ticket, agent by agent), in this
order, first whether it fits (one draw modulo 100, below DENSITY) and, if so, its cost (one draw modulo 1000).
The optimum serves the most tickets and, of these assignments, costs least: an unfit pair costs more than all fit ones.
"""

import numpy
from scipy.optimize import linear_sum_assignment

SIZE = 200
DENSITY = 2
SEEDS = range(1, 21)
MASK = (1 << 64) - 1
UNFIT = SIZE * 1000


def draws(seed):
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        yield mixed ^ (mixed >> 31)


def costs(seed):
    draw = draws(seed)
    matrix = numpy.full((SIZE, SIZE), UNFIT)
    for ticket in range(SIZE):
        for agent in range(SIZE):
            if next(draw) % 100 < DENSITY:
                matrix[ticket, agent] = next(draw) % 1000
    return matrix


for seed in SEEDS:
    matrix = costs(seed)
    chosen = matrix[linear_sum_assignment(matrix)]
    fit = chosen[chosen < UNFIT]
    print(seed, len(fit), int(fit.sum()))
