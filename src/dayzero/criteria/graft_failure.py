"""Grafts that do not take, are lost, or work poorly.

Sources: ASTCT definitions (Kharfan-Dabaja 2021) as tabulated in doi:10.1038/s41409-024-02251-0, Table 1; EBMT Handbook
7th ed., ch. 41, doi:10.1007/978-3-030-02278-5_41; three consecutive days: PMC4548938.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dayzero.criteria.logic import above, agreed, all_of, below
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

Later = Sequence[float | None]  # (day, value in 1e9/L); None: not measured

FAILURE = Definition(
    "primary_graft_failure",
    "",
    "ASTCT: doi:10.1038/s41409-024-02251-0, Table 1; EBMT: doi:10.1007/978-3-030-02278-5_41",
    verified=True,
)
SECONDARY_FAILURE = Definition(
    "secondary_graft_failure",
    "",
    "EBMT: doi:10.1007/978-3-030-02278-5_41; three days: PMC4548938; ASTCT: doi:10.1038/s41409-024-02251-0",
    verified=True,
)
POOR = Definition(
    "poor_graft_function", "EBMT", "EBMT Handbook 7th ed., doi:10.1007/978-3-030-02278-5_41", verified=True
)

#: Day by which neutrophils must have recovered: cord and every other graft.
LIMIT_DAY = {"ASTCT": {"cord": 42, "other": 30}, "EBMT": {"cord": 42, "other": 28}}
EBMT_HB_G_L, EBMT_PLATELETS = 80.0, 20.0
ANC_LIMIT = 0.5
LOSS_PCT = 5.0
SECONDARY = ("EBMT", "three_days", "ASTCT")
_GRAFTS = ("PBSC", "BM", "TCD", "cord")
_EXCLUDING = (
    "relapse", "recur", "progress",
    "infect", "vir", "cmv", "hhv", "ebv", "parvo", "sepsis", "septic", "bacter", "fung",
    "drug", "medic", "toxic", "ganciclovir", "valganciclovir", "mycophenolate", "mmf", "linezolid", "cotrimoxazole",
)  # fmt: skip
_UNKNOWN = ("unknown", "undetermined", "unclear")
_REDUCED = ("RIC", "NMA")


def limit_day(definition: str, graft: str | None) -> int | None:
    """Day by which neutrophils must have recovered; missing where the graft is not known.

    >>> limit_day("EBMT", "PBSC"), limit_day("ASTCT", "cord")
    (28, 42)
    """
    if definition not in LIMIT_DAY:
        advice = nearest(definition, LIMIT_DAY)
        raise InputError("primary_graft_failure", "definition", repr(definition), "ASTCT or EBMT", advice)
    if graft is None:
        return None
    if graft not in _GRAFTS:
        raise InputError("primary_graft_failure", "graft", repr(graft), ", ".join(_GRAFTS), nearest(graft, _GRAFTS))
    return LIMIT_DAY[definition]["cord" if graft == "cord" else "other"]


def primary_graft_failure(
    *,
    definition: str,
    graft: str | None = None,
    anc_recovery_day: int | None = None,
    assess_day: int | None = None,
    pancytopenia: bool | None = None,
    hb_g_L: float | None = None,
    platelets: float | None = None,
    alive: bool | None = None,
    relapse: bool | None = None,
    death_day: int | None = None,
    relapse_day: int | None = None,
) -> Finding:
    """Whether neutrophils failed to come back by the limit of the definition, with the other counts low.

    ``anc_recovery_day``: None when not recovered by ``assess_day``. ASTCT: no recovery by day 30 (cord 42), with
    pancytopenia. EBMT: by day 28 (cord 42), hemoglobin under 80 g/L and platelets under 20e9/L. Death or relapse before
    the limit competes, and before the limit nobody can tell: missing.

    >>> primary_graft_failure(definition="ASTCT", graft="PBSC", assess_day=30, pancytopenia=True, alive=True,
    ...                       relapse=False)["graft_failure"]
    True
    """
    limit_day(definition, graft)
    inputs = {name: value for name, value in locals().items() if name != "definition"}
    limits = [limit_day(definition, kind) or 0 for kind in ([graft] if graft else _GRAFTS)]
    low = (
        pancytopenia if definition == "ASTCT" else all_of(below(hb_g_L, EBMT_HB_G_L), below(platelets, EBMT_PLATELETS))
    )
    answers: list[bool | None] = []
    for limit in limits:
        if anc_recovery_day is not None and anc_recovery_day <= limit:
            answers.append(False)
        elif assess_day is None or assess_day < limit:
            answers.append(None)
        else:
            free = all_of(_free_of(alive is not True, death_day, limit), _not_relapsed(relapse, relapse_day, limit))
            answers.append(low if free else None)
    failed = agreed(answers)
    note = "" if failed is not None else "before the limit, after a competing event, or with an item missing"
    days = (max(limits),) if failed else ()
    return FAILURE.find({"graft_failure": failed}, inputs, version=definition, days=days, note=note)


def _free_of(happened: bool, day: int | None, limit: int) -> bool:
    """Whether an event surely did not come before the limit."""
    return day >= limit if day is not None else not happened


def _not_relapsed(relapse: bool | None, day: int | None, limit: int) -> bool | None:
    return day >= limit if day is not None else None if relapse is None else not relapse


def secondary_graft_failure(
    *,
    definition: str,
    recovered_day: int | None = None,
    anc_later: Iterable[Later] | None = None,
    cause: str | None = None,
    donor_chimerism_pct: float | None = None,
    conditioning: str | None = None,
    platelets_recovered_day: int | None = None,
    support_needed: bool | None = None,
) -> Finding:
    """Whether a graft that had taken was lost.

    ``cause``: a cause naming relapse, infection or a drug excludes failure; ``none_found`` when looked for; None when
    not known. EBMT: neutrophils under 0.5e9/L after recovery; after reduced conditioning donor cells under 5 %.
    three_days: three consecutive days under 0.5e9/L. ASTCT: decline that needs products or growth factor
    (``support_needed``) after both neutrophils and platelets had recovered. Never recovered: primary, not secondary.

    >>> secondary_graft_failure(definition="three_days", recovered_day=20, cause="none_found",
    ...                         anc_later=[[90, 0.4], [91, 0.3], [92, 0.2]])["day"]
    90
    """
    if definition not in SECONDARY:
        advice = nearest(definition, SECONDARY)
        raise InputError("secondary_graft_failure", "definition", repr(definition), ", ".join(SECONDARY), advice)
    later = None if anc_later is None else _by_day(anc_later)
    inputs = {
        "recovered_day": recovered_day, "anc_later": later, "cause": cause, "donor_chimerism_pct": donor_chimerism_pct,
        "conditioning": conditioning, "platelets_recovered_day": platelets_recovered_day,
        "support_needed": support_needed,
    }  # fmt: skip
    if recovered_day is None:
        note = "never recovered: primary, not secondary"
        return SECONDARY_FAILURE.find({"graft_failure": False, "day": None}, inputs, version=definition, note=note)
    after = None if later is None else {day: value for day, value in later.items() if day > recovered_day}
    lost, day = _lost(definition, after, donor_chimerism_pct, conditioning)
    if definition == "ASTCT":
        both = None if platelets_recovered_day is None else True
        lost, day = all_of(both, support_needed), None
    failed = all_of(lost, _unexplained(cause))
    day = day if failed else None
    days = () if day is None else (day,)
    return SECONDARY_FAILURE.find({"graft_failure": failed, "day": day}, inputs, version=definition, days=days)


def _by_day(later: Iterable[Later]) -> dict[int, float]:
    """The lower value of each day, in order; not measured is left out."""
    lowest: dict[int, float] = {}
    for day, value in later:
        if day is not None and value is not None:
            lowest[int(day)] = min(value, lowest.get(int(day), value))
    return dict(sorted(lowest.items()))


def _unexplained(cause: str | None) -> bool | None:
    if cause is None:
        return None
    words = re.split(r"[^a-z]+", cause.lower())
    if words[0] in _UNKNOWN:
        return None
    if words[0] in ("none", "no", "unexplained") or any(word.startswith("reject") for word in words):
        return True
    if any(word.startswith(_EXCLUDING) for word in words):
        return False
    expected = "none_found, relapse, infection or drug"
    raise InputError("secondary_graft_failure", "cause", repr(cause), expected, "name the kind of cause")


def _lost(
    definition: str, after: dict[int, float] | None, donor_pct: float | None, conditioning: str | None
) -> tuple[bool | None, int | None]:
    if definition == "three_days":
        return _three_days(after)
    low_days = [day for day, value in (after or {}).items() if value < ANC_LIMIT]
    low = None if after is None else bool(low_days)
    first = low_days[0] if low_days else None
    rejected = below(donor_pct, LOSS_PCT)
    if conditioning is None:
        return agreed([low, rejected]), first
    return (rejected if conditioning in _REDUCED else low), first


def _three_days(after: dict[int, float] | None) -> tuple[bool | None, int | None]:
    """Three low days in a row; three low measurements with days between them not measured leave it open."""
    if after is None:
        return None, None
    days = list(after)
    is_open = False
    for first, second, third in zip(days, days[1:], days[2:], strict=False):
        if max(after[first], after[second], after[third]) >= ANC_LIMIT:
            continue
        if third - first == 2:
            return True, first
        is_open = True
    return (None if is_open else False), None


def poor_graft_function(
    *,
    day: int | None = None,
    cytopenic_lineages: int | None = None,
    duration_days: int | None = None,
    donor_chimerism_pct: float | None = None,
    other_cause: bool | None = None,
    full_donor: bool = False,
    full_pct: float = 95.0,
) -> Finding:
    """Two or three cytopenias for more than two weeks after day 28, donor cells over 5 %, no other cause.

    ``full_donor``: ask for more than ``full_pct`` donor cells instead, as some do. Donor cells of 5 % or less: graft
    failure instead.

    >>> poor_graft_function(day=60, cytopenic_lineages=2, duration_days=20, donor_chimerism_pct=99,
    ...                     other_cause=False)["poor_graft_function"]
    True
    """
    inputs = {
        "day": day, "cytopenic_lineages": cytopenic_lineages, "duration_days": duration_days,
        "donor_chimerism_pct": donor_chimerism_pct, "other_cause": other_cause, "full_donor": full_donor,
    }  # fmt: skip
    poor = all_of(
        above(day, 28),
        above(cytopenic_lineages, 1),
        above(duration_days, 14),
        above(donor_chimerism_pct, full_pct if full_donor else LOSS_PCT),
        None if other_cause is None else not other_cause,
    )
    return POOR.find({"poor_graft_function": poor}, inputs)


def cytopenic_lineages(
    *,
    hb_g_dl: float | None,
    anc: float | None,
    platelets: float | None,
    hb_limit: float = 7.0,
    anc_limit: float = 0.5,
    platelet_limit: float = 20.0,
) -> int | None:
    """How many of the three lineages are low; None where a missing count could change it.

    The limits are settings; the defaults are those of one review (hemoglobin 70 g/L, ANC 0.5, platelets 20e9/L).

    >>> cytopenic_lineages(hb_g_dl=6.5, anc=0.3, platelets=80)
    2
    """
    low = [below(hb_g_dl, hb_limit), below(anc, anc_limit), below(platelets, platelet_limit)]
    return None if None in low else sum(item is True for item in low)
