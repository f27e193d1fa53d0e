"""The example trials of the library run again: simulated beside published, power, error, and what the model gets wrong.

    python -m validation.trials            writes docs/measurements/trials.md (about 7 minutes of one core)
    python -m validation.trials --quick    2 replicates, prints, writes nothing

Published figures stand in the trials' own files with their sources. Five comparisons of plans say what pairing gains;
one of 2 x 5,000 patients for a year is timed.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import kstest, norm

from dayzero.analyse.characteristics import Characteristic, null_p
from dayzero.analyse.compare import compare
from dayzero.analyse.effects import RATIOS
from dayzero.analyse.estimates import Published
from dayzero.analyse.groups import Z95
from dayzero.analyse.trial import TrialResult, trial
from dayzero.errors import DomainWarning
from dayzero.present.compare import gain_told
from dayzero.present.page import record_line
from dayzero.present.trial_tables import SHORT
from dayzero.spec import Plan, library_names

PAGE = Path(__file__).resolve().parent.parent / "docs" / "measurements" / "trials.md"
REPLICATES, PAIRED, LARGE = 20, 500, 5000
QUICK = (2, 32, 64)
PAIRS = (
    ("sibling blood, then marrow", "aml-sibling-pbsc", {"graft": {"source": "marrow"}}),
    ("CD34+ 5, then 2 million/kg", "aml-sibling-pbsc", {"graft": {"cd34_per_kg": 2e6}}),
    ("Tac/MTX, then PTCy", "mds-unrelated-flumel-cni-mtx", {"prophylaxis": "ptcy-cni-mmf", "care": "ptcy"}),
    ("BuCy, then FluBu2", "aml-sibling-pbsc", {"conditioning": "flu-bu2"}),
    ("without, then with letermovir", "aml-unrelated-flubu2-atg",
     {"care": {"letermovir": {"start_day": 5, "stop_day": 100}}}),
)  # fmt: skip
GAINS = ("overall_survival", "relapse", "non_relapse_mortality", "acute_gvhd_2_4", "cmv_infection", "days_below_0.5")
TEXT = """# The example trials

The seven trials of the library (`dayzero plans trial`) on virtual patients, {replicates} replicates each, beside what
was published. Intervals of simulated figures tell the chance of so many virtual patients, not what is unknown of the
model. Power: trials with p below 0.05, with its 95 % interval, and what the effect and its standard error give by the
normal distribution. Error: the same share of {nulls:,} trials whose arms are all drawn from the first arm's patients,
with the p of a Kolmogorov-Smirnov test that their p-values are uniform. Covered: trials whose 95 % interval holds the
effect over all trials. {record}

{figures} of {counted} published figures with an interval hold the simulated one; {signs} of {contrasts} contrasts point
the same way.

{trials}

## What the model gets wrong

{wrong}

## What pairing gains

{paired} patients under both plans for a year. Gain: how many times as large two unlike groups would have to be.

{gains}

## Time

{timing}
"""


def run(name: str, replicates: int) -> TrialResult:
    """A trial of the library; the null trials are those of its file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        return trial(name, replicates=replicates)


def section(result: TrialResult) -> str:
    """One trial: figures beside published ones, levels by arm, power and error."""
    told = result.trial
    first = result.power
    p = null_p(result.world, told.primary, told.size)
    uniform = f"{kstest(p, 'uniform').pvalue:.2f}" if len(p) else "not run"
    arms = [arm.name for arm in told.arms]
    levels = [(row.label, str(row.day), *(f"{one.percent:.1f} ({one.low:.1f} to {one.high:.1f})" for one in row.levels),
               "; ".join(_effect(gap.value, gap.low, gap.high, row.measure) for gap in row.effects))
              for row in result.estimates]  # fmt: skip
    beside = [_beside(row) for row in result.published]
    power = [_power(row) for row in result.characteristics if row.name == told.primary.name]
    return "\n\n".join([
        f"## {told.title}",
        f"{'; '.join(told.sources)} ({told.verified}). {told.note}".strip(),
        table(("", "figure", "arm", "published (95 %)", "simulated (95 %)", ""), beside),
        table(("", "day", *(f"{arm}, %" for arm in arms), "effect"), levels),
        f"Primary endpoint {first.label}, {told.null_replicates:,} trials without effect, uniform p: {uniform}.",
        table(("patients", "trials", "power, %", "by its error, %", "error, %", "covered, %"), power),
    ])  # fmt: skip


def _beside(row: Published) -> tuple[str, ...]:
    digits = 2 if "ratio" in row.measure else 1
    own = f"{row.simulated:.{digits}f} ({row.simulated_low:.{digits}f} to {row.simulated_high:.{digits}f})"
    verdict = {True: "inside", False: "**outside**", None: ""}[row.inside]
    day = "" if "ratio" in row.measure or row.measure == "median_day" else f", day {row.day}"
    return f"{row.label}{day}", SHORT[row.measure], row.arm, _span(row), own, verdict


def _span(row: Published) -> str:
    return f"{row.value:g}" + ("" if row.low is None or row.high is None else f" ({row.low:g} to {row.high:g})")


def _effect(value: float, low: float, high: float, measure: str) -> str:
    if np.isnan(value):
        return "not estimable"
    digits = 2 if "ratio" in measure else 1
    return f"{SHORT[measure]} {value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _power(row: Characteristic) -> tuple[str, ...]:
    expected = np.log(row.expected) if row.measure in RATIOS else row.expected
    normal = norm.cdf(abs(expected) / row.error - Z95) if row.error > 0 else np.nan
    own = f"{100 * row.power:.0f} ({100 * row.power_low:.0f} to {100 * row.power_high:.0f})"
    return (str(row.size), str(row.trials), own, _percent(normal), f"{100 * row.type_one:.1f}", _percent(row.coverage))


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.0f}"


def same_way(row: Published) -> bool | None:
    """Whether a contrast points as the published one does; None for levels and contrasts that are no clear effect."""
    none = 1.0 if "ratio" in row.measure else 0.0
    if row.measure in ("level", "median_day") or row.low is None or row.high is None or row.low <= none <= row.high:
        return None
    return (row.simulated > none) == (row.value > none)


def wrong(results: Sequence[TrialResult]) -> str:
    """A sentence for each published figure that does not hold the simulated one, the farthest first."""
    found = []
    for result in results:
        for row in result.published:
            if row.inside is not False or row.low is None or row.high is None:
                continue
            far = abs(row.simulated - row.value) / (row.high - row.low)
            way = "more" if row.simulated > row.value else "less"
            digits = 2 if "ratio" in row.measure else 1
            against = "; the other way round" if same_way(row) is False else ""
            meet = row.simulated_low <= row.high and row.low <= row.simulated_high
            against += ", but the intervals meet" if meet else ""
            what = f"{_beside(row)[0]}, {SHORT[row.measure]}, {row.arm}"
            found.append((far, f"- {result.trial.name}: {what}: {way} than published, {row.simulated:.{digits}f} for "
                               f"{_span(row)}{against}."))  # fmt: skip
    return "\n".join(line for _, line in sorted(found, key=lambda one: -one[0])) or "Nothing outside its interval."


def gains(patients: int) -> str:
    """What pairing gains in five contrasts."""
    rows = []
    for title, name, edits in PAIRS:
        plan = Plan.load(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DomainWarning)
            pair = compare(plan, plan.but(**edits), patients=patients, days=365).pairs[0]
        own = {row.name: row for row in pair.contrasts}
        rows.append((title, *(gain_told(own[name]) if name in own else "-" for name in GAINS)))
    return table(("", *(name.replace("_", " ") for name in GAINS)), rows)


def timing(patients: int) -> str:
    """How long a comparison of many patients for a year takes here."""
    begun, used = time.perf_counter(), time.process_time()
    plan = Plan.load("aml-sibling-pbsc")
    compare(plan, plan.but(graft={"source": "marrow"}), patients=patients, days=365)
    wall, own = time.perf_counter() - begun, time.process_time() - used
    return (f"Two plans, {patients:,} patients each, one year, judged: {wall:.0f} s on {os.cpu_count()} cores, "
            f"{own:.0f} s of processor time.")  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def page(results: Sequence[TrialResult], paired: int, large: int) -> str:
    """The page as Markdown."""
    every = [row for result in results for row in result.published]
    ways = [way for way in map(same_way, every) if way is not None]
    version = record_line(results[0].record).partition(" · ")[0]
    return TEXT.format(
        replicates=results[0].trial.replicates, nulls=max(result.trial.null_replicates for result in results),
        record=f"{version}, seed {results[0].trial.seed}.", figures=sum(row.inside is True for row in every),
        counted=sum(row.inside is not None for row in every), signs=sum(ways), contrasts=len(ways),
        trials="\n\n".join(map(section, results)), wrong=wrong(results), paired=paired, gains=gains(paired),
        timing=timing(large),
    )  # fmt: skip


def main() -> None:
    """Run every trial; write the page unless `--quick`."""
    quick = "--quick" in sys.argv
    replicates, paired, large = QUICK if quick else (REPLICATES, PAIRED, LARGE)
    results = []
    for name in library_names("trial"):
        results.append(run(name, replicates))
        print(f"{name}: done", flush=True)
    told = page(results, paired, large)
    if quick:
        print(told)
    else:
        PAGE.write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
