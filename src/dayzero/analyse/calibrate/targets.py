"""Which rows a fit aims at, with their tolerances and weights.

Core rows that are simulated and are no inputs. A study of patients whose charts are at hand is left out whole, so that
nothing of those patients enters a fit that is scored on them. A study counts once in a family of metrics.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import hypot, isfinite

from dayzero.analyse.calibrate.free import Stage
from dayzero.analyse.evidence.families import family_of
from dayzero.analyse.evidence.roles import INPUT
from dayzero.analyse.evidence.run import printed
from dayzero.analyse.evidence.studies import Entry, Study
from dayzero.analyse.evidence.tau import tau_of

EFFECT = r"^(hr|rr|or)_|_(hr|rr|or)(?=_)|_fold|_ratio|_difference"


@dataclass(frozen=True)
class Target:
    """A row that is aimed at, on the scale of distances.

    Parameters
    ----------
    family : of the outcome, also where the row is an effect on it.
    tolerance : published error and spread between studies, together. weight : the share of its study and family.
    """

    id: str
    study: str
    topic: str
    family: str
    value: float
    tolerance: float
    weight: float
    scale: str
    group: str


def outcome_family(metric: str) -> str:
    """The family of a metric, or that of the outcome an effect is about.

    >>> outcome_family("hr_relapse_ric_vs_mac"), outcome_family("os_2y_pct")
    ('relapse', 'survival')
    """
    return family_of(re.sub(EFFECT, "", metric))


def aimed_at(entry: Entry) -> bool:
    """Whether a row may be aimed at."""
    row = entry.finding
    return row.core and entry.role != INPUT and not row.individual_data and not entry.refused and bool(entry.arms)


def fitted_part(study: Study, chosen: Iterable[Stage]) -> Study | None:
    """The study with the rows that inform the stages and the arms these stand on; None where nothing is left."""
    families = {family for stage in chosen for family in stage.families}
    if any(entry.finding.individual_data for entry in study.entries):
        return None
    entries = tuple(
        e for e in study.entries if aimed_at(e) and outcome_family(e.finding.metric) in families and target_known(e)
    )
    used = {name for entry in entries for name in entry.arms}
    arms = {name: arm for name, arm in study.arms.items() if name in used}
    return replace(study, entries=entries, arms=arms) if entries else None


def target_known(entry: Entry) -> bool:
    """Whether something is printed that a figure can be compared with."""
    about = printed(entry, entry.measure)
    return isfinite(about.value) and isfinite(about.error)


def targets_of(studies: Sequence[Study]) -> list[Target]:
    """The targets of studies as `fitted_part` left them, in order."""
    rows = [(study, entry) for study in studies for entry in study.entries]
    shared = Counter((study.name, outcome_family(entry.finding.metric)) for study, entry in rows)
    return [_target(study, entry, shared) for study, entry in rows]


def _target(study: Study, entry: Entry, shared: Counter[tuple[str, str]]) -> Target:
    row, measure = entry.finding, entry.measure
    about, family = printed(entry, measure), outcome_family(row.metric)
    tolerance = hypot(about.error, tau_of(row.metric, measure.scale))
    weight = 1 / shared[study.name, family]
    return Target(row.id, study.name, row.topic, family, about.value, tolerance, weight, measure.scale, row.group)
