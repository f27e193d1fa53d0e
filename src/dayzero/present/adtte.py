"""One trial as an analysis data set of times to events, with the columns of CDISC ADTTE.

One row for each patient and endpoint: AVAL is the time in days from the start of follow-up (day 0), CNSR 0 for the
event, 1 for censored, 2 for an event that competes; EVNTDESC and CNSDTDSC say which. Virtual patients have no dates.

Source: CDISC, ADaM Basic Data Structure for Time-to-Event Analyses, version 1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dayzero.analyse.enrolment import followed_to
from dayzero.analyse.groups import EVENT, LEFT
from dayzero.analyse.when import COMPARABLE

if TYPE_CHECKING:
    import polars as pl

    from dayzero.analyse.trial import World
    from dayzero.spec.trial_parts import TrialEndpoint

CODES = {"overall_survival": "OS", "relapse_free_survival": "RFS", "grfs": "GRFS", "relapse": "RELAPSE",
         "non_relapse_mortality": "NRM", "graft_failure": "GRFTFAIL", "acute_gvhd_2_4": "AGVHD24",
         "acute_gvhd_3_4": "AGVHD34", "chronic_gvhd": "CGVHD", "treated_chronic_gvhd": "CGVHDTRT",
         "cmv_infection": "CMVINF", "cmv_disease": "CMVDIS", "neutrophil_engraftment": "ANCENGR",
         "platelet_engraftment": "PLTENGR"}  # fmt: skip
"""Parameter codes, eight characters at most."""


def adtte(world: World, replicate: int = 0) -> pl.DataFrame:
    """One replicate of a trial in long form: a row for each patient and endpoint, patients in order of entry."""
    import polars as pl

    size = world.trial.size
    rows = np.arange(replicate * size, (replicate + 1) * size)
    return pl.concat([_parameter(world, endpoint, rows) for endpoint in world.trial.endpoints])


def _parameter(world: World, endpoint: TrialEndpoint, rows: np.ndarray) -> pl.DataFrame:
    import polars as pl

    trial, who = world.trial, world.enrolled
    first, counts = world.first(endpoint)
    kept = rows[counts[rows]]
    day, kind = np.maximum(first.day[kept], 0).astype(int), first.kind[kept]
    known = COMPARABLE[endpoint.name]
    arms = np.array([arm.name for arm in trial.arms])[who.arm[kept]]
    cnsr = np.where(kind == EVENT, 0, np.where(kind == LEFT, 1, 2))
    ended = followed_to(trial, who)[kept] >= trial.follow_up.days
    left = np.where(ended, "end of follow-up", "analysis, loss to follow-up or withdrawal")
    happened = " or ".join(part.replace("_", " ") for part in known.parts) if known.survival else known.label
    said = {0: happened, 2: "competing: " + " or ".join(part.replace("_", " ") for part in known.rivals)}
    width = len(str(len(who.people)))
    return pl.DataFrame({
        "STUDYID": [trial.name] * len(kept),
        "USUBJID": [f"{trial.name}-{row + 1:0{width}d}" for row in kept],
        "TRTP": arms.tolist(),
        "TRTPN": who.arm[kept] + 1,
        "STRATAN": who.stratum[kept] + 1,
        "PARAMCD": [_code(endpoint.name)] * len(kept),
        "PARAM": [f"Time to {known.label} (days)"] * len(kept),
        "AVAL": day,
        "AVALU": ["DAYS"] * len(kept),
        "STARTDY": np.where(trial.analysis.population == "infused", who.entry[kept] + who.delay[kept], who.entry[kept])
                     .astype(int),
        "CNSR": cnsr,
        "EVNTDESC": [said.get(int(code), "") for code in cnsr],
        "CNSDTDSC": np.where(cnsr == 1, left, "").tolist(),
        "ITTFL": ["Y"] * len(kept),
        "ANL01FL": ["Y"] * len(kept),
    })  # fmt: skip


def _code(name: str) -> str:
    return CODES.get(name, name.replace("_", "")[:8].upper())
