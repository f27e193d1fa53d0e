"""First events of a course: what happened, on which day, and what it competed with.

Competing risks: 1 the event, 2 a competing event, 0 censored (Kim and Armand 2013, PMID 23305679); to be counted by
cumulative incidence, never by one minus Kaplan-Meier. GRFS: first of acute GVHD III-IV, chronic GVHD that needs
systemic treatment, relapse, death (Holtan 2015, Blood 125(8):1333; NCT03959241). CRFS: chronic GVHD moderate or severe
by NIH, relapse, death (BMT CTN 1301, NCT02345850; wording recalled). Not to be confused with *current* GRFS, the chance
of being free of all of it at a time.

Convention of this project for events of one day: relapse before death, GVHD and recovery before either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

COMPETING_RISKS = Definition(
    "competing_risk_status", "principle", "Kim and Armand 2013, Biol Blood Marrow Transplant 19:860", verified=True
)
GRFS = Definition("grfs", "BMT CTN 1703", "Holtan 2015, Blood 125(8):1333; NCT03959241", verified=True)
CRFS = Definition("crfs", "BMT CTN 1301", "BMT CTN 1301, NCT02345850; wording recalled", verified=False)

#: Endpoint -> its own event, events that always compete, events that compete or censor as the caller says.
_ENDPOINTS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "nrm": ("death", ("relapse",), ()),
    "relapse": ("relapse", ("death",), ("second_graft",)),
    "agvhd": ("agvhd", ("death",), ("relapse", "dli", "second_graft")),
    "agvhd_ii_iv": ("agvhd", ("death",), ("relapse", "dli", "second_graft")),
    "agvhd_iii_iv": ("agvhd", ("death",), ("relapse", "dli", "second_graft")),
    "cgvhd": ("cgvhd", ("death",), ("relapse", "dli", "second_graft")),
    "anc_recovery": ("recovery", ("death", "second_graft"), ("relapse",)),
    "platelet_recovery": ("recovery", ("death", "second_graft"), ("relapse",)),
}
_VARIANTS = ("BMT CTN 1703", "EBMT")
#: Events of one day, the first that counts first.
_ORDER = ("agvhd", "cgvhd", "recovery", "relapse", "dli", "second_graft", "death")


def competing_risk_status(
    *,
    endpoint: str,
    last_followup_day: int | None = None,
    death_day: int | None = None,
    relapse_day: int | None = None,
    agvhd_day: int | None = None,
    cgvhd_day: int | None = None,
    recovery_day: int | None = None,
    second_graft_day: int | None = None,
    dli_day: int | None = None,
    competing: Sequence[str] | None = None,
    censoring: Sequence[str] = (),
) -> Finding:
    """Status 1 (event), 2 (competing event) or 0 (censored) of one patient, its time and the deciding event.

    ``endpoint``: nrm, relapse, agvhd, agvhd_ii_iv, agvhd_iii_iv, cgvhd, anc_recovery, platelet_recovery. A day of None:
    it did not happen. ``competing`` and ``censoring`` name the events that do so (relapse, dli, second_graft, death);
    what is named in neither changes nothing. Without ``competing`` the usual ones compete, and where an event on which
    studies differ came first the status is missing.

    >>> competing_risk_status(endpoint="nrm", death_day=90, relapse_day=50, last_followup_day=90).values
    {'status': 2, 'time': 50, 'event': 'relapse'}
    """
    if endpoint not in _ENDPOINTS:
        advice = nearest(endpoint, _ENDPOINTS)
        raise InputError("competing_risk_status", "endpoint", repr(endpoint), ", ".join(_ENDPOINTS), advice)
    given = {
        "death": death_day, "relapse": relapse_day, "agvhd": agvhd_day, "cgvhd": cgvhd_day, "recovery": recovery_day,
        "second_graft": second_graft_day, "dli": dli_day,
    }  # fmt: skip
    for name in (*(competing or ()), *censoring):
        if name not in given:
            raise InputError("competing_risk_status", "competing", repr(name), ", ".join(given), nearest(name, given))
    own, usual, open_ones = _ENDPOINTS[endpoint]
    rivals = set(usual if competing is None else competing) - {own}
    undecided = set(open_ones if competing is None else ()) - set(censoring)
    ends = rivals | set(censoring) | undecided | {own}
    inputs = {
        "endpoint": endpoint, "last_followup_day": last_followup_day, "competing": tuple(sorted(rivals)),
        "censoring": tuple(censoring) or None, **{f"{name}_day": day for name, day in given.items()},
    }  # fmt: skip
    event, day = _first({name: given[name] for name in _ORDER if name in ends})
    if event is None:
        values = {"status": None if last_followup_day is None else 0, "time": last_followup_day, "event": None}
        return COMPETING_RISKS.find(values, inputs)
    if event in undecided:
        note = f"{event} came first: say whether it is competing or censoring"
        return COMPETING_RISKS.find({"status": None, "time": None, "event": event}, inputs, note=note)
    status = 1 if event == own else 0 if event in censoring else 2
    return COMPETING_RISKS.find({"status": status, "time": day, "event": event}, inputs, days=(day,))


def grfs(
    *,
    last_followup_day: int | None = None,
    agvhd_iii_iv_day: int | None = None,
    cgvhd_systemic_day: int | None = None,
    cgvhd_severe_day: int | None = None,
    cgvhd_mild_no_systemic_day: int | None = None,
    relapse_day: int | None = None,
    death_day: int | None = None,
    variant: str = "BMT CTN 1703",
) -> Finding:
    """Whether and when GVHD-free, relapse-free survival ended, in days from day 0.

    ``variant``: "BMT CTN 1703" counts chronic GVHD that needs systemic treatment, "EBMT" severe chronic GVHD (not read
    in its source). Chronic GVHD that is mild and needs none does not count. A day of None: it did not happen.

    >>> grfs(agvhd_iii_iv_day=60, relapse_day=45, last_followup_day=300).values
    {'event': True, 'time': 45, 'kind': 'relapse'}
    """
    if variant not in _VARIANTS:
        raise InputError("grfs", "variant", repr(variant), " or ".join(_VARIANTS), nearest(variant, _VARIANTS))
    inputs = locals()
    chronic = cgvhd_systemic_day if variant == "BMT CTN 1703" else cgvhd_severe_day
    days = {"agvhd_iii_iv": agvhd_iii_iv_day, "cgvhd": chronic, "relapse": relapse_day, "death": death_day}
    return _survival(GRFS, days, last_followup_day, inputs, variant)


def crfs(
    *,
    last_followup_day: int | None = None,
    cgvhd_moderate_severe_day: int | None = None,
    cgvhd_mild_day: int | None = None,
    relapse_day: int | None = None,
    death_day: int | None = None,
) -> Finding:
    """Whether and when survival free of relapse and of moderate or severe chronic GVHD ended; mild does not count.

    >>> crfs(cgvhd_mild_day=150, last_followup_day=730)["event"]
    False
    """
    inputs = locals()
    days = {"cgvhd": cgvhd_moderate_severe_day, "relapse": relapse_day, "death": death_day}
    return _survival(CRFS, days, last_followup_day, inputs, None)


def _survival(
    rule: Definition,
    days: Mapping[str, int | None],
    last_followup_day: int | None,
    inputs: Mapping[str, object],
    version: str | None,
) -> Finding:
    verified = False if version == "EBMT" else None
    kind, day = _first(days)
    if kind is None:
        values = {"event": None if last_followup_day is None else False, "time": last_followup_day, "kind": None}
        return rule.find(values, inputs, version=version, verified=verified)
    return rule.find(
        {"event": True, "time": day, "kind": kind}, inputs, days=(day,), version=version, verified=verified
    )


def _first(days: Mapping[str, int | None]) -> tuple[str, int] | tuple[None, int]:
    """The first event and its day; on one day the one named first."""
    happened = {name: day for name, day in days.items() if day is not None}
    if not happened:
        return None, -1
    name = min(happened, key=lambda one: happened[one])
    return name, happened[name]
