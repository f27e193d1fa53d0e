"""Vaccines after transplant: which are due.

Published schedules (PMC6005139, Table 3; PMC4972852, Table 6; PMC8358428, Table 4) begin pneumococcal conjugate and
Hib vaccine at 3 or at 6 months and influenza at 4 to 6: the schedule is an argument. Inactivated vaccines are not
withheld for immunosuppression; live ones wait for two years, three months off it, and no active GVHD.
"""

from __future__ import annotations

from collections.abc import Mapping

from dayzero.criteria.entry import answer, chosen, within
from dayzero.criteria.logic import all_of, below, opposite, reaches
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_VACCINES = Definition("vaccine_due", "by the schedule asked for", "PMC6005139; PMC4972852; PMC8358428", verified=True)

Window = tuple[float, float]  # months after transplant: a schedule starts within it
_USUAL: Mapping[str, Window] = {
    "pcv": (3, 3), "dtap": (6, 6), "ipv": (6, 6), "hib": (6, 6), "hbv": (6, 6), "influenza_inactivated": (4, 6),
    "mmr": (24, 24), "varicella": (24, 24),
}  # fmt: skip
SCHEDULES: Mapping[str, Mapping[str, Window]] = {
    "usual": _USUAL,
    "early": {**_USUAL, "hib": (3, 3), "influenza_inactivated": (4, 4)},
    "late": {**_USUAL, "pcv": (6, 6), "influenza_inactivated": (6, 6)},
}
_PARTS = {"dtap_ipv_hib_hbv": ("dtap", "ipv", "hib", "hbv")}
_LIVE = ("mmr", "varicella")
_SERIES = {"pcv": 4}  # three doses and a booster
_OFF_IMMUNOSUPPRESSION_MONTHS, _YEARLY_MONTHS = 3, 12
_SPELLINGS = {name: name for name in (*_USUAL, *_PARTS)} | {
    "pneumococcal_conjugate": "pcv", "pneumococcal": "pcv", "pcv13": "pcv", "pcv15": "pcv", "pcv20": "pcv",
    "dtap_ipv_hib_hepb": "dtap_ipv_hib_hbv", "hexavalent": "dtap_ipv_hib_hbv", "polio": "ipv", "hepatitis_b": "hbv",
    "hep_b": "hbv", "hepb": "hbv", "influenza": "influenza_inactivated", "flu": "influenza_inactivated",
    "measles_mumps_rubella": "mmr", "measles": "mmr", "varicella_live": "varicella", "vzv": "varicella",
    "vzv_live": "varicella", "chickenpox": "varicella",
}  # fmt: skip


def vaccine_due(
    *,
    vaccine: str,
    months_after_hct: float | None = None,
    active_gvhd_or_ist: bool | None = None,
    months_off_ist: float | None = None,
    doses_given: int | None = 0,
    months_since_last_dose: float | None = None,
    schedule: str | Mapping[str, float] = "usual",
) -> Finding:
    """Whether a vaccine is due, so many months after transplant.

    ``vaccine``: pcv, dtap, ipv, hib, hbv, dtap_ipv_hib_hbv, influenza_inactivated, mmr, varicella.
    ``active_gvhd_or_ist``: active GVHD now, or immunosuppression within the last three months; ``months_off_ist`` says
    how long it has ended. They decide for live vaccines only. ``schedule``: usual (pcv from 3 months, influenza from 4
    to 6, the rest of the inactivated from 6), early (Hib 3, influenza 4), late (pcv and influenza 6), or months by
    vaccine. Missing between the months at which a schedule may begin. A series of three and a booster ends pcv;
    influenza returns every year; how many doses others have is not in this rule.

    >>> vaccine_due(vaccine="mmr", months_after_hct=24, active_gvhd_or_ist=True)["due"]
    False
    """
    rule = "vaccine_due"
    name = chosen(rule, "vaccine", vaccine, _SPELLINGS)
    first, last = _window(name, schedule)
    months = within(rule, months_after_hct, 0, 1200, months_after_hct="months")
    is_held = answer(rule, "active_gvhd_or_ist", active_gvhd_or_ist)
    too_soon = below(within(rule, months_off_ist, 0, 1200, months_off_ist="months"), _OFF_IMMUNOSUPPRESSION_MONTHS)
    begun = True if reaches(months, last) else False if below(months, first) else None
    allowed = True
    if name in _LIVE:
        allowed = False if too_soon else opposite(is_held)
    due = all_of(begun, allowed, _open(name, doses_given, months_since_last_dose))
    inputs: dict[str, object] = {
        "vaccine": name, "months_after_hct": months_after_hct, "active_gvhd_or_ist": active_gvhd_or_ist,
        "months_off_ist": months_off_ist, "doses_given": doses_given,
        "months_since_last_dose": months_since_last_dose,
        "schedule": schedule if isinstance(schedule, str) else dict(schedule),
    }  # fmt: skip
    values = {"due": due, "live": name in _LIVE, "from_months": first, "at_latest_from_months": last}
    version = f"schedule {schedule}" if isinstance(schedule, str) else "schedule of the caller"
    return _VACCINES.find(values, inputs, version=version, note=_note(name, due, begun))


def _window(name: str, schedule: str | Mapping[str, float]) -> Window:
    """First and last month at which the schedule may begin; a combination waits for its last part."""
    if isinstance(schedule, str):
        if schedule not in SCHEDULES:
            advice = nearest(schedule, SCHEDULES)
            raise InputError("vaccine_due", "schedule", repr(schedule), ", ".join(SCHEDULES), advice)
        months = SCHEDULES[schedule]
    else:
        months = {**_USUAL, **_written(schedule)}
    windows = [months[part] for part in _PARTS.get(name, (name,))]
    if name in months:
        windows = [months[name]]
    return max(first for first, _ in windows), max(last for _, last in windows)


def _written(schedule: Mapping[str, float]) -> dict[str, Window]:
    found: dict[str, Window] = {}
    for vaccine, written in schedule.items():
        months = within("vaccine_due", written, 0, 1200, **{f"schedule.{vaccine}": "months"})
        if months is None:
            raise InputError("vaccine_due", f"schedule.{vaccine}", "None", "months", "leave the vaccine out")
        found[chosen("vaccine_due", "schedule", vaccine, _SPELLINGS)] = (months, months)
    return found


def _open(name: str, doses_given: int | None, months_since_last_dose: float | None) -> bool | None:
    """Whether there is a dose still to give."""
    doses = within("vaccine_due", doses_given, 0, 50, doses_given="doses")
    since = within("vaccine_due", months_since_last_dose, 0, 1200, months_since_last_dose="months")
    if doses == 0:
        return True
    if name == "influenza_inactivated":
        return reaches(since, _YEARLY_MONTHS)
    return below(doses, _SERIES[name]) if name in _SERIES else None


def _note(name: str, due: bool | None, begun: bool | None) -> str:
    if due is None and begun is None:
        return "published schedules begin at different months, or the month is missing: name the schedule"
    if due is None:
        return "immunosuppression, or what was given before, is missing or not in this rule"
    return "published schedules begin at 3 or at 6 months" if name in ("pcv", "hib", "dtap_ipv_hib_hbv") else ""
