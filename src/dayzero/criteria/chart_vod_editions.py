"""Veno-occlusive disease read from a chart by the other published definitions, and how severe it was at diagnosis.

Modified Seattle, EBMT 2018 in children, EBMT 2023 in adults, as in `dayzero.criteria.vod`; Baltimore and EBMT 2016 are
in `dayzero.criteria.chart_vod`, whose conventions hold here. Charts hold neither liver size nor imaging nor diuretics:
where these would decide, the answer is ``possible`` if another sign was seen, and not evaluable if none was. Of the
children's signs, bilirubin or weight "rising on 3 days" asks for readings of four days in a row, each higher; a
refractory thrombocytopenia may be there on days with a platelet transfusion, or where none is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.chart_vod import weight_gains
from dayzero.criteria.result import Definition, Finding, Judgement
from dayzero.criteria.signs import DAYS, Seen, by_day_highest, counted, every_key, first_day, reaching, seen_at, unread
from dayzero.criteria.vod import ADULT_2023, BILIRUBIN_MG_DL, CHILD_2018, SEATTLE, SEATTLE_DAYS, WEIGHT_GAIN_PCT
from dayzero.criteria.vod_severity import vod_severity_adult_2016, vod_severity_paediatric_2018
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Column, Floats, Integers, empty_column
from dayzero.units import nearest

SEVERITY = Definition(
    "vod_severity", "EBMT 2016; EBMT 2018", "doi:10.1038/bmt.2016.130; doi:10.1038/bmt.2017.161", verified=True
)
EDITIONS = ("modified Seattle", "EBMT 2018", "EBMT 2023")
_NEEDED = 2
_SEATTLE_GAIN_PCT = 2.0
_RISING_DAYS = 3
_SYMPTOM_DAYS = 14  # a first symptom is looked for so many days back
_WORSE = "risk factors and organ failure are not on charts: it may be worse"
_LIVER = "liver size and imaging are not on charts"


def vod_by(chart: Chart, edition: str, *, carry_days: int = 3, ascites_from: float = 0.25) -> Judgement:
    """Veno-occlusive disease of every patient by one edition: ``modified Seattle``, ``EBMT 2018`` or ``EBMT 2023``.

    Columns: ``status`` (``vod``, ``possible``, ``none``, ``not_evaluable``), ``day`` (first day the definition is met),
    ``possible_day`` (first day one sign was seen and it may be met), ``note``.

    >>> signs = {"bilirubin": ([0, 0], [10, 12], [1.0, 3.0]), "weight_gain": ([0], [12], [3.0])}
    >>> vod_by(Chart.from_columns(signs, ["A"]), "modified Seattle").rows()[0]["day"]
    12
    """
    if edition not in EDITIONS:
        raise InputError("vod_by", "edition", repr(edition), ", ".join(EDITIONS), nearest(edition, EDITIONS))
    bilirubin, gain = chart.column("bilirubin"), weight_gains(chart)
    fluid = chart.measurements.get("ascites", empty_column())
    over = np.nextafter(WEIGHT_GAIN_PCT, np.inf)
    levels = [reaching(bilirubin, BILIRUBIN_MG_DL), reaching(gain, over), reaching(fluid, ascites_from)]
    keys = every_key(levels)
    jaundice, heavy, ascites = (seen_at(one, keys, carry_days) for one in levels)
    hidden = unread(len(keys))
    in_time = jaundice.read
    if edition == "modified Seattle":
        more = reaching(bilirubin, np.nextafter(BILIRUBIN_MG_DL, np.inf))
        grown = reaching(gain, np.nextafter(_SEATTLE_GAIN_PCT, np.inf))
        signs = [seen_at(more, keys, carry_days), seen_at(grown, keys, carry_days), hidden]
        in_time = in_time & (keys % DAYS <= SEATTLE_DAYS)
        rule = SEATTLE
    elif edition == "EBMT 2018":
        rises = _either(jaundice, _rising(bilirubin, keys))
        weight = _either(heavy, _perhaps(_rising(gain, keys)))
        signs, rule = [rises, weight, ascites, _refractory(chart, keys), hidden], CHILD_2018
    else:
        signs, rule = [jaundice, heavy, ascites, hidden, hidden], ADULT_2023
    columns = _judged(keys, signs, in_time, len(chart))
    return Judgement(rule, chart.patients, columns, {"carry_days": carry_days, "ascites_from": ascites_from})


def _judged(keys: Integers, signs: list[Seen], in_time: NDArray[np.bool_], count: int) -> dict[str, NDArray[Any]]:
    patient, day = keys // DAYS, keys % DAYS
    sure, may = counted(signs)
    met, possible, undecided, judged = (
        first_day(patient, day, rows & in_time, count)
        for rows in (sure >= _NEEDED, (sure >= 1) & (may >= _NEEDED), may >= _NEEDED, np.ones(len(keys), bool))
    )
    is_met, is_possible = ~np.isnan(met), ~np.isnan(possible)
    is_judged, is_open = ~np.isnan(judged), ~np.isnan(undecided)
    status = np.select(
        [~is_judged, is_met, is_possible, is_open], ["not_evaluable", "vod", "possible", "not_evaluable"], "none"
    )
    note = np.select(
        [~is_judged, is_met, is_possible, is_open],
        ["not measured: bilirubin", "", f"one sign was seen; {_LIVER}", f"no sign was seen; {_LIVER}"],
        "",
    )
    return {"status": status, "day": met, "possible_day": possible, "note": note}


def _either(one: Seen, other: Seen) -> Seen:
    return Seen(one.sure | other.sure, one.may | other.may, one.read | other.read)


def _perhaps(sign: Seen) -> Seen:
    """The same sign where it is not known whether diuretics were given."""
    return Seen(np.zeros(len(sign.may), bool), sign.may, sign.read)


def _rising(column: Column, keys: Integers) -> Seen:
    """Whether readings rose on three days running; not known where one of the four days was not read."""
    if not len(column.day):
        return unread(len(keys))
    exact = np.where(column.limit == 0, column.value, -np.inf)
    read = by_day_highest(column, exact, exact, 0)
    values = [_value_on(read.key, read.low, keys - back) for back in range(_RISING_DAYS + 1)]
    sure = np.all([later > earlier for later, earlier in pairwise(values)], axis=0)
    known = ~np.any(np.isnan(values), axis=0)
    falls = np.any([later <= earlier for later, earlier in pairwise(values)], axis=0)
    return Seen(sure, ~falls, known)


def _value_on(days: Integers, values: Floats, keys: Integers) -> Floats:
    """The value of exactly these keys, nan where there is none."""
    if not len(days):
        return np.full(len(keys), np.nan)
    at = np.minimum(np.searchsorted(days, keys), len(days) - 1)
    return np.where((days[at] == keys) & np.isfinite(values[at]), values[at], np.nan)


def _refractory(chart: Chart, keys: Integers) -> Seen:
    """May be there on a day with a platelet transfusion, or where transfusions are not recorded."""
    given = chart.column("platelet_transfusion")
    recorded = chart.transfusions_recorded[keys // DAYS]
    may = ~recorded | np.isin(keys, given.patient * DAYS + given.day)
    return Seen(np.zeros(len(keys), bool), may, recorded)


def vod_severity_of(
    chart: Chart, vod: Judgement, *, upper_limits: Mapping[str, float] | None = None, carry_days: int = 3
) -> Judgement:
    """Severity on the day of diagnosis, by EBMT 2016 (adults) and EBMT 2018 (children), as what is sure.

    ``vod``: a judgement of this chart. Columns: ``status`` (``graded``, ``not_diagnosed``, ``not_evaluable``), ``day``,
    ``adult_at_least``, ``child_at_least``, ``note``. Risk factors, organ failure and filtration are not on charts, so
    that it may be worse. ``upper_limits``: of ``alt`` and ``ast``, U/L.

    >>> signs = {"bilirubin": ([0, 0], [10, 12], [6.0, 9.0]), "weight_gain": ([0], [12], [12.0])}
    >>> chart = Chart.from_columns(signs, ["A"])
    >>> vod_severity_of(chart, vod_by(chart, "EBMT 2023")).rows()[0]["adult_at_least"]
    'very_severe'
    """
    words = {name: np.full(len(chart), "", "<U12") for name in ("adult_at_least", "child_at_least")}
    limits, gains, day = upper_limits or {}, weight_gains(chart), vod.day
    for at in np.flatnonzero(~np.isnan(day)).tolist():
        adult, child = _severities(chart, gains, at, int(day[at]), limits, carry_days)
        words["adult_at_least"][at] = adult["severity_at_least"]
        words["child_at_least"][at] = child["severity_at_least"]
    is_graded, is_open = ~np.isnan(day), np.isin(vod.status, ("not_evaluable", "possible"))
    columns: dict[str, NDArray[Any]] = {
        "status": np.select([is_graded, is_open], ["graded", "not_evaluable"], "not_diagnosed"),
        "day": day,
        **words,
        "note": np.select([is_graded, is_open], [_WORSE, "VOD itself is not judged"], ""),
    }
    return Judgement(SEVERITY, chart.patients, columns, {"carry_days": carry_days, "upper_limits": dict(limits)})


def _severities(
    chart: Chart, gains: Column, at: int, day: int, limits: Mapping[str, float], carry_days: int
) -> tuple[Finding, Finding]:
    jaundice = chart.column("bilirubin")
    bilirubin, then = _reading(jaundice, at, day, carry_days), _reading(jaundice, at, day - 2, 0)
    gain = _reading(gains, at, day, carry_days)
    creatinine, baseline = _reading(chart.column("creatinine"), at, day, carry_days), _baseline(chart, at)
    enzymes = [
        value / limits[name]
        for name in ("alt", "ast")
        if name in limits and (value := _reading(chart.column(name), at, day, carry_days)) is not None
    ]
    doubling = None if bilirubin is None or then is None else bilirubin >= 2 * then
    worst = max(enzymes, default=None)
    adult = vod_severity_adult_2016(
        days_since_first_symptom=_since_symptom(chart, gains, at, day),
        bilirubin_mg_dl=bilirubin,
        transaminases_x_normal=worst,
        weight_gain_pct=gain,
        creatinine_x_baseline=creatinine / baseline if creatinine is not None and baseline else None,
        bilirubin_doubling_48h=doubling,
        risk_factors=None,
        mod=None,
    )
    child = vod_severity_paediatric_2018(
        alt_x_normal=worst,
        refractory_thrombocytopenia_days=None,
        bilirubin_mg_dl=bilirubin,
        gfr=None,
        ascites=None,
        bilirubin_doubling_48h=doubling,
        oxygen_l_min=_reading(chart.column("oxygen_need"), at, day, carry_days),
        ventilation=None,
    )
    return adult, child


def _rows(column: Column, at: int) -> Column:
    rows = slice(*np.searchsorted(column.patient, [at, at + 1]))
    return Column(column.patient[rows], column.day[rows], column.value[rows], column.limit[rows])


def _reading(column: Column, at: int, day: int, carry_days: int) -> float | None:
    """The highest exact reading of the last day with one, not older than some days."""
    own = _rows(column, at)
    keep = (own.day <= day) & (own.day >= day - carry_days) & (own.limit == 0)
    if not keep.any():
        return None
    return float(own.value[keep & (own.day == own.day[keep].max())].max())


def _baseline(chart: Chart, at: int) -> float | None:
    """Creatinine of the last reading up to day 0."""
    own = _rows(chart.column("creatinine"), at)
    before = own.day <= 0
    return float(own.value[before & (own.day == own.day[before].max())].min()) if before.any() else None


def _since_symptom(chart: Chart, gains: Column, at: int, day: int) -> float | None:
    """Days since the first of jaundice, weight gain and ascites in the two weeks before."""
    first: list[int] = []
    for column, limit in ((chart.column("bilirubin"), BILIRUBIN_MG_DL), (gains, WEIGHT_GAIN_PCT)):
        own = _rows(column, at)
        seen = own.day[(own.value >= limit) & (own.limit >= 0) & (own.day <= day) & (own.day >= day - _SYMPTOM_DAYS)]
        first += seen.tolist()
    return float(day - min(first)) if first else None
