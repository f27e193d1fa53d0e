"""Stem cells, progenitors and their niche: where a graft takes hold, refills the pools and feeds every lineage.

Pools are shares of the healthy pool, one set for each origin o; totals run over origins::

    occupancy       x_H = (sum H + b) / N,   x_M, x_C alike     (N niche capacity, 1 = intact; b crowding by disease)
    self-renewal    a(x) = a_max / (1 + (a_max/a_rest - 1) x)                        (a_rest at rest, a_max when empty)
    division        p(x) = p r / (1 + (r - 1) x)                                     (r-fold faster when empty)

    stem cells      dH/dt = (2 a_H - 1) p_H H                    + graft
    short-term      dS/dt = (out_H - S) / tau_S                  + graft             out_H = 2 (1 - a_H) p_H H / p_H0
    multipotent     dM/dt = d_M S + (2 a_M Q_M - 1) p_M M        + graft
    committed       dC/dt = d_C out_M + (2 a_C Q_C - 1) p_C C    + graft
    output          of M and C to the lineages x (1 - k mycophenolate) (1 - c b)
    quality         dQ/dt = (U (1 + h) / (U + h) - Q) p(x) / n         U = sum S for Q_M, sum M for Q_C
    niche           dN/dt = (1 - N) / tau_N - g D N           (D damage of GVHD; N at admission 1, less in fibrosis)

Every pool of an origin also shrinks by the immune attack on that origin, the patient's own stem cells by the
autoimmune attack of aplastic anemia as well.

**Blood needs stem cells.** A progenitor makes about n divisions and then no longer renews itself. The quality Q of a
pool is the share of self-renewal it has left: cells that join from the pool above (U, in healthy pools, of every
origin) keep it up, and without them n divisions use it up, the sooner the faster the pool divides. A graft arrives
fresh (Q = 1), and what kills stem cells hurts the progenitors it spares, Q <- Q (1 - u share of stem cells killed):
marrow that met conditioning is outgrown by marrow that did not. A graft's committed cells make a first wave of blood
that ebbs where few multipotent cells came along, and the second wave, theirs, follows: one wave in adult blood, two in
cord blood. At rest Q = 1 and a_rest = (1 - d/p0) / 2, so the healthy marrow stands still; one origin split into two
identical ones makes the same blood.

Balance: of the multipotent cells that leave, a share f goes past the committed pool, to lymphocytes and straight to
megakaryocytes; the rest keeps the committed pool, so d_C = (1 - f) (p_M + d_M) M0 / C0.

Clones: Poisson(weight x stem-cell inflow) engraft as cells enter. One is lost when its last cell matures; of n clones
among H stem cells a share n / H has one cell: n' = -(1 - a_H) p_H H n^2 / (H^2 + n^2). What a drug or an attack has
cost does not come back: there are never more clones than stem cells.

Few are a number of whole cells. Below some hundred stem cells of an origin their divisions come and go by chance::

    H <- max(H + p_H H - Poisson(p_H H), 0)  each day;   below one cell: one with probability H, otherwise none

The mean is unchanged; the last cells of a rejected graft, or of the patient after full conditioning, live or die out.

Structure after Stiehl and Marciniak-Czochra (Math Comput Model 2011;53:1505); the quality of a pool is our own.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, maximum, minimum, poisson_quantile, where
from dayzero.module import Coupled, Number, Parameter, Signal

NOTHING = Parameter(1e-30, "1", "pool below which shares have no meaning", "assumed", "numerical").typical
FEW = Parameter(500, "cells", "stem cells of the body below which chance decides", "assumed", "numerical").typical
MOST_FIBROSIS = Parameter(0.9, "1", "share of the niche that fibrosis takes at most", "assumed", "numerical").typical
PARAMETERS = {
    "stem_set_point": Parameter(
        1400, "cells/kg", "functional long-term stem cells in health", "measured",
        "Lee-Six 2018 Nature 561:473 (50,000-200,000 an adult); recalled", 0.4, 0.3, low=700, high=2900, stream=100),
    "stem_division": Parameter(
        0.0036, "1/day", "division of a stem cell at rest", "measured",
        "Catlin 2011 Blood 117:4460 (once per 40 weeks, range 25-50)", 0.2, low=0.0028, high=0.0057),
    "stem_acceleration": Parameter(7.5, "1", "fold faster division of stem cells in an empty marrow", "fitted",
                                   "elsewhere, by Zhu 2025", 0.3, low=4, high=15),
    "stem_renewal_empty": Parameter(0.87, "1", "self-renewal fraction of stem cells in an empty marrow", "fitted",
                                    "elsewhere, by Zhu 2025", 0.05, low=0.7, high=0.9),
    "stem_ageing": Parameter(
        0.005, "1/year", "loss of stem-cell set point per year of age from 40", "assumed", "no source", 0.5),
    "stem_ageing_from": Parameter(40, "year", "age the stem-cell set point refers to", "assumed", "no source"),
    "short_term_transit": Parameter(40, "day", "residence of short-term stem cells", "assumed",
                                    "between 20 and 100 d of Zheng 2021", 0.3, low=20, high=100),
    "multipotent_set_point": Parameter(4.0e6, "cells/kg", "multipotent progenitors in health", "fitted",
                                       "elsewhere, by Zhu 2025", 0.5, low=1e6, high=1e7),
    "multipotent_division": Parameter(
        0.211, "1/day", "division of multipotent progenitors at rest", "fitted", "scenario fit; elsewhere 0.035", 0.3,
        low=0.035, high=0.3),
    "multipotent_drain": Parameter(
        0.01, "1/day", "net loss of multipotent progenitors that stem cells must replace", "assumed",
        "sets the 100 days on which stem-cell chimerism reaches progenitors", 0.5, low=0.003, high=0.03),
    "multipotent_renewal_empty": Parameter(
        0.9, "1", "self-renewal fraction of multipotent progenitors in an empty marrow", "fitted",
        "scenario fit; platelet engraftment model 0.854", 0.03, low=0.7, high=0.93),
    "multipotent_acceleration": Parameter(
        1.85, "1", "fold faster division of multipotent progenitors when empty", "fitted", "scenario fit", 0.2, 0.12,
        low=1.2, high=3, stream=101),
    "committed_set_point": Parameter(2.0e7, "cells/kg", "committed myeloid progenitors in health", "fitted",
                                     "elsewhere, by Zhu 2025", 0.5, low=1e7, high=5e7),
    "committed_division": Parameter(
        0.2, "1/day", "division of committed progenitors at rest", "fitted", "scenario fit; elsewhere 0.81", 0.3,
        low=0.1, high=0.8),
    "past_committed": Parameter(
        0.13, "1", "share of multipotent output that goes to lymphocytes or straight to megakaryocytes", "assumed",
        "lymphoid 0.06 by balance, the rest for the early megakaryocyte branch", 0.4, low=0.05, high=0.3),
    "committed_renewal_empty": Parameter(
        0.75, "1", "self-renewal fraction of committed progenitors in an empty marrow", "fitted", "scenario fit", 0.03,
        low=0.65, high=0.85),
    "committed_acceleration": Parameter(
        7.8, "1", "fold faster division of committed progenitors when empty", "fitted",
        "scenario fit to how steeply counts rise; about one division a day", 0.2, 0.12, low=2.5, high=9, stream=102),
    "multipotent_divisions": Parameter(43, "1", "divisions a multipotent progenitor makes before it no longer renews",
                                       "fitted", "scenario fit", 0.3, low=12, high=60),
    "committed_divisions": Parameter(
        8.7, "1", "divisions a committed progenitor makes before it no longer renews itself", "fitted",
        "scenario fit; colonies have 100 to 10,000 granulocytes and macrophages, recalled", 0.4, low=5, high=20),
    "quality_hurt": Parameter(
        0.15, "1", "self-renewal that cells lose for good in a day that kills all stem cells about them", "fitted",
        "donor myeloid cells after non-myeloablative conditioning", 0.5, low=0, high=0.3),
    "supply_half": Parameter(
        0.0425, "1", "supply from the pool above, relative to health, that keeps up half the quality", "fitted",
        "set so that 2 % of stem cells cannot keep counts up", 0.4, low=0.02, high=0.15),
    "niche_regeneration": Parameter(
        90, "day", "time in which an injured niche recovers", "measured",
        "Galotto 1999 (slow CFU-F recovery); recalled", 0.5, 0.4, low=30, high=720, stream=103),
    "fibrosis_niche": Parameter(
        0.5, "1", "share of the niche that fibrosis has displaced at admission", "assumed", "no source", 0.3, 0.4,
        low=0.2, high=0.8, stream=104),
    "fibrosis_regression": Parameter(
        180, "day", "time in which fibrosis gives the niche back after a transplant", "assumed",
        "gone in most by a year, recalled", 0.4, low=90, high=500),
    "niche_gvhd": Parameter(0.01, "1/day", "loss of niche at full GVHD damage", "assumed", "no source", 0.5),
    "crowding_block": Parameter(
        0.5, "1", "share of output lost to a disease that takes all places of the marrow", "assumed",
        "leukemia blocks differentiation: neutrophils below 1, platelets below 50 at 10^12 cells", 0.3, low=0.2,
        high=0.9),
    "mycophenolate_suppression": Parameter(
        0.2, "1", "share of progenitor output lost under full-dose mycophenolate", "assumed",
        "no source: output about x0.8", 0.5, low=0, high=0.4),
}  # fmt: skip

CONSTANTS = {
    "stem_pool": Signal("cells/kg", "long-term stem cells of this patient in health"),
    "multipotent_rest": Signal("1", "self-renewal fraction of multipotent progenitors at rest"),
    "committed_drain": Signal("1/day", "net loss of committed progenitors that multipotent ones replace"),
    "committed_rest": Signal("1", "self-renewal fraction of committed progenitors at rest"),
    "committed_flux": Signal("cells/kg/day", "committed progenitors leaving to the lineages in health"),
    "niche_at_admission": Signal("1", "niche capacity at admission, share of the intact niche"),
    "niche_time": Signal("day", "time in which this patient's niche recovers"),
    "body_stem_cells": Signal("cells", "long-term stem cells of the whole patient in health"),
    "clones_engrafted": Signal("cells", "stem cells of the graft that take hold, each a clone", per_origin=True),
    "graft_stem": Signal("1", "stem cells of the graft, in healthy pools", per_origin=True),
    "graft_short_term": Signal("1", "short-term stem cells of the graft, in healthy pools", per_origin=True),
    "graft_multipotent": Signal("1", "multipotent progenitors of the graft, in healthy pools", per_origin=True),
    "graft_committed": Signal("1", "committed progenitors of the graft, in healthy pools", per_origin=True),
}
USES = {
    "age_years": "year",
    "weight_kg": "kg",
    "luck": "1",
    "marrow_cellularity": "1",
    "marrow_fibrosis": "1",
    "graft_cells_stem": "cells/kg",
    "graft_cells_short_term": "cells/kg",
    "graft_cells_multipotent": "cells/kg",
    "graft_cells_committed": "cells/kg",
}


class Cells(NamedTuple):
    stem: Annotated[Number, "1", "long-term stem cells, share of the healthy pool"]
    short_term: Annotated[Number, "1", "short-term stem cells, share of the healthy pool"]
    multipotent: Annotated[Number, "1", "multipotent progenitors, share of the healthy pool"]
    committed: Annotated[Number, "1", "committed myeloid progenitors, share of the healthy pool"]
    multipotent_quality: Annotated[Number, "1", "share of self-renewal the multipotent pool has left"]
    committed_quality: Annotated[Number, "1", "share of self-renewal the committed pool has left"]
    clones: Annotated[Number, "cells", "clones of the graft that still contribute"]


class State(NamedTuple):
    cells: tuple[Cells, ...]
    niche: Annotated[Number, "1", "niche capacity, share of the intact niche"]


NEEDS = {
    "homing": "1/day",
    "infused": "1",
    "boost": "1",
    "mycophenolate": "1",
    "immune_attack": "1/day",
    "autoimmune_attack": "1/day",
    "crowding": "1",
    "gvhd_damage": "1",
    "surviving_stem": "1",
    "surviving_short_term": "1",
    "surviving_multipotent": "1",
    "surviving_committed": "1",
    "surviving_niche": "1",
    "host_chance": "1",
    "donor_chance": "1",
    "second_donor_chance": "1",
}
GIVES = {
    "stem_cells": Signal("1", "long-term stem cells, share of the healthy pool", per_origin=True),
    "stem_donor_fraction": Signal("1", "share of long-term stem cells that are not the host's"),
    "niche_capacity": Signal("1", "share of the niche that is intact"),
    "clones": Signal("1", "stem-cell clones of the grafts that still contribute"),
}
CHANCE = {"host_chance": 100, "donor_chance": 101, "second_donor_chance": 102}


def derive(p, c):
    """Homeostasis of one patient, and the graft in units of the healthy pools."""
    stem_pool = p.stem_set_point * exp(-p.stem_ageing * (c.age_years - p.stem_ageing_from))
    clones = tuple(poisson_quantile(u, n * c.weight_kg) for u, n in zip(c.luck, c.graft_cells_stem, strict=True))
    multipotent_flux = (p.multipotent_division + p.multipotent_drain) * p.multipotent_set_point
    committed_drain = (1 - p.past_committed) * multipotent_flux / p.committed_set_point
    committed_flux = (p.committed_division + committed_drain) * p.committed_set_point
    return {
        "stem_pool": stem_pool,
        "multipotent_rest": (1 - p.multipotent_drain / p.multipotent_division) / 2,
        "committed_drain": committed_drain,
        "committed_rest": (1 - committed_drain / p.committed_division) / 2,
        "committed_flux": committed_flux,
        "niche_at_admission": 1 - minimum(p.fibrosis_niche, MOST_FIBROSIS) * c.marrow_fibrosis,
        "niche_time": p.niche_regeneration + (p.fibrosis_regression - p.niche_regeneration) * c.marrow_fibrosis,
        "body_stem_cells": stem_pool * c.weight_kg,
        "clones_engrafted": clones,
        "graft_stem": tuple(n / (stem_pool * c.weight_kg) for n in clones),
        "graft_short_term": tuple(n / _short_term_pool(p, stem_pool) for n in c.graft_cells_short_term),
        "graft_multipotent": tuple(n / p.multipotent_set_point for n in c.graft_cells_multipotent),
        "graft_committed": tuple(n / p.committed_set_point for n in c.graft_cells_committed),
    }


def _short_term_pool(p, stem_pool):
    return p.stem_division * stem_pool * p.short_term_transit


def start(p, origins):
    """The host at admission; no donor cells yet."""
    share = p.marrow_cellularity
    one = 0 * share + 1
    host = Cells(share, share, share, share, one, one, 0 * share)
    empty = Cells(*(0 * x for x in host))
    return State((host, *(empty for _ in range(origins - 1))), p.niche_at_admission)


def _renewal(x, empty, rest):
    return empty / (1 + (empty / rest - 1) * x)


def _division(x, rest, acceleration):
    return rest * acceleration / (1 + (acceleration - 1) * x)


class Turnover(NamedTuple):
    """What every origin shares at this moment: division and self-renewal of each pool at its occupancy."""

    stem_division: Number
    stem_renewal: Number
    multipotent_division: Number
    multipotent_renewal: Number
    committed_division: Number
    committed_renewal: Number


def turnover(y: State, p, crowding) -> Turnover:
    """Division rate and self-renewal at the present occupancy of the niche."""
    stem = (sum(c.stem for c in y.cells) + crowding) / y.niche
    multipotent = (sum(c.multipotent for c in y.cells) + crowding) / y.niche
    committed = (sum(c.committed for c in y.cells) + crowding) / y.niche
    return Turnover(
        _division(stem, p.stem_division, p.stem_acceleration),
        _renewal(stem, p.stem_renewal_empty, 1 / 2),
        _division(multipotent, p.multipotent_division, p.multipotent_acceleration),
        _renewal(multipotent, p.multipotent_renewal_empty, p.multipotent_rest),
        _division(committed, p.committed_division, p.committed_acceleration),
        _renewal(committed, p.committed_renewal_empty, p.committed_rest),
    )


def signals(y: State, p):
    total = sum(c.stem for c in y.cells)
    return {
        "stem_cells": tuple(c.stem for c in y.cells),
        "stem_donor_fraction": 1 - (y.cells[0].stem + NOTHING) / (total + NOTHING),
        "niche_capacity": y.niche,
        "clones": sum(minimum(c.clones, c.stem * p.body_stem_cells) for c in y.cells),
    }


def committed_output(y: State, p, s):
    """Committed progenitors leaving to the lineages, relative to health, by origin."""
    t = turnover(y, p, s.crowding)
    slowed = (1 - p.mycophenolate_suppression * s.mycophenolate) * (1 - p.crowding_block * s.crowding)
    return tuple(slowed * _committed_output(c, t, p) for c in y.cells)


def _committed_output(c: Cells, t: Turnover, p):
    rest = p.committed_division + p.committed_drain
    return 2 * (1 - t.committed_renewal * c.committed_quality) * t.committed_division * c.committed / rest


def multipotent_output(y: State, p, s):
    """Multipotent progenitors leaving to the lineages, relative to health, by origin."""
    t = turnover(y, p, s.crowding)
    slowed = (1 - p.mycophenolate_suppression * s.mycophenolate) * (1 - p.crowding_block * s.crowding)
    return tuple(slowed * _multipotent_output(c, t, p) for c in y.cells)


def _multipotent_output(c: Cells, t: Turnover, p):
    rest = p.multipotent_division + p.multipotent_drain
    return 2 * (1 - t.multipotent_renewal * c.multipotent_quality) * t.multipotent_division * c.multipotent / rest


COUPLED = {
    "multipotent_output": Coupled(
        Signal("1", "multipotent progenitors leaving to the lineages, relative to health", per_origin=True),
        needs={"mycophenolate": "1", "crowding": "1"}, of=multipotent_output),
    "committed_output": Coupled(
        Signal("1", "committed progenitors leaving to the lineages, relative to health", per_origin=True),
        needs={"mycophenolate": "1", "crowding": "1"}, of=committed_output),
}  # fmt: skip


def rates(y: State, p, s):
    t = turnover(y, p, s.crowding)
    supplies = tuple(
        _kept_up(sum(pool), p) for pool in zip(*((c.short_term, c.multipotent) for c in y.cells), strict=True)
    )
    grafts = zip(p.graft_stem, p.graft_short_term, p.graft_multipotent, p.graft_committed, strict=True)
    own, *_ = s.immune_attack
    attacks = zip(s.immune_attack, (own + s.autoimmune_attack, *s.immune_attack[1:]), strict=True)
    cells = tuple(
        _cell_rates(c, t, p, tuple(homing * dose for dose in graft), homing * founders, supplies, attack)
        for c, homing, graft, founders, attack in zip(
            y.cells, s.homing, grafts, p.clones_engrafted, attacks, strict=True
        )
    )
    return State(cells, (1 - y.niche) / p.niche_time - p.niche_gvhd * s.gvhd_damage * y.niche)


def _cell_rates(c: Cells, t: Turnover, p, graft, founders, supplies, attacks):
    attack, attack_on_stem = attacks
    graft_stem, graft_short_term, graft_multipotent, graft_committed = graft
    from_stem, from_multipotent = supplies
    matured = (1 - t.stem_renewal) * t.stem_division
    stem_output = 2 * matured * c.stem / p.stem_division
    renewal_m = t.multipotent_renewal * c.multipotent_quality
    renewal_c = t.committed_renewal * c.committed_quality
    stem_count = c.stem * p.body_stem_cells
    return Cells(
        stem=((2 * t.stem_renewal - 1) * t.stem_division - attack_on_stem) * c.stem + graft_stem,
        short_term=(stem_output - c.short_term) / p.short_term_transit - attack * c.short_term + graft_short_term,
        multipotent=p.multipotent_drain * c.short_term
        + ((2 * renewal_m - 1) * t.multipotent_division - attack) * c.multipotent
        + graft_multipotent,
        committed=p.committed_drain * _multipotent_output(c, t, p)
        + ((2 * renewal_c - 1) * t.committed_division - attack) * c.committed
        + graft_committed,
        multipotent_quality=(from_stem - c.multipotent_quality) * t.multipotent_division / p.multipotent_divisions,
        committed_quality=(from_multipotent - c.committed_quality) * t.committed_division / p.committed_divisions,
        clones=founders
        - matured * stem_count * c.clones * c.clones / (stem_count * stem_count + c.clones * c.clones + 1),
    )


def _kept_up(supply, p):
    """Quality that the supply from the pool above sustains; 1 in health."""
    return supply * (1 + p.supply_half) / (supply + p.supply_half)


def jump(y: State, p, s):
    """Of each class the share survives that today's drugs and rays leave; the niche likewise; a graft arrives fresh."""
    division = turnover(y, p, s.crowding).stem_division
    chances = (s.host_chance, s.donor_chance, s.second_donor_chance)[: len(y.cells)]
    return State(
        tuple(
            _jumped(c, p, s, minimum(new, 1), division, chance)
            for c, new, chance in zip(y.cells, _arriving(s), chances, strict=True)
        ),
        y.niche * s.surviving_niche,
    )


def _arriving(s):
    """Grafts of each origin that arrive today; a boost is of the first donor."""
    host, first, *others = s.infused
    return (host, first + s.boost, *others)


def _jumped(c: Cells, p, s, new, division, chance):
    stem = _by_chance(c.stem * s.surviving_stem, p.body_stem_cells, division, chance)
    unhurt = 1 - p.quality_hurt * (1 - s.surviving_stem)
    return Cells(
        stem,
        c.short_term * s.surviving_short_term,
        c.multipotent * s.surviving_multipotent,
        c.committed * s.surviving_committed,
        c.multipotent_quality * unhurt + (1 - c.multipotent_quality * unhurt) * new,
        c.committed_quality * unhurt + (1 - c.committed_quality * unhurt) * new,
        minimum(c.clones, stem * p.body_stem_cells),
    )


def _by_chance(share, whole, division, chance):
    """Few stem cells are whole cells that divide by chance; many are as many as they are."""
    cells = share * whole
    turned_over = division * minimum(cells, FEW)
    drawn = maximum(cells + turned_over - poisson_quantile(chance, turned_over), 0)
    last = where(chance < cells, 1 + 0 * cells, 0 * cells)
    return where(cells < FEW, where(cells < 1, last, drawn) / whole, share)
