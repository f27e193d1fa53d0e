"""Make the study files of the scoreboard from tables of published findings (CSV files of a folder).

Writes src/dayzero/data/evidence/<study>.yaml for every study with a core row, with the supporting rows that share its
arms, and freezes the table and its between-study spreads. `--tau` also replaces frozen spreads that are there already.
"""

import sys
from pathlib import Path

from dayzero.analyse.evidence.rows import read_findings
from dayzero.analyse.evidence.studies import FOLDER, Entry, Study, studies_of, write_study
from dayzero.analyse.evidence.tau import TABLE, TAU, spreads, table_of, table_text
from dayzero.spec.files import write_yaml

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Spread between studies of each metric on the scale of distances (points, days, logs of ratios); frozen.\n"


def kept(study: Study) -> Study | None:
    """The study with its core rows and the supporting rows that stand on arms of theirs; None without a core row."""
    core = [entry for entry in study.entries if entry.finding.core]
    if not core:
        return None
    arms = {name for entry in core for name in entry.arms}
    rows = tuple(e for e in study.entries if e.finding.core or (e.arms and set(e.arms) <= arms))
    return Study(study.name, study.citation, study.identifier, study.year, study.transplants,
                 {name: arm for name, arm in study.arms.items() if name in arms}, rows)  # fmt: skip


def said(entry: Entry, study: Study) -> str:
    """One line on how a row was translated."""
    how = entry.refused or ("; ".join(study.arms[name].title for name in entry.arms) or "from parameters")
    return f"{study.name}: {entry.finding.id}: {'NOT: ' if entry.refused else ''}{how}"


def main() -> None:
    """Convert; print how each row was read."""
    source = next((Path(a) for a in sys.argv[1:] if not a.startswith("-")), ROOT.parent / "shared" / "evidence")
    findings = read_findings(source)
    studies = studies_of(findings)
    table = table_of(findings, {e.finding.id: s.name for s in studies for e in s.entries})
    TABLE.write_text(table_text(table), encoding="utf-8")
    if not TAU.exists() or "--tau" in sys.argv:
        TAU.write_text(HEAD + write_yaml({"schema": 1, "metrics": spreads(table)}), encoding="utf-8")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.yaml"):
        old.unlink()
    for study in filter(None, map(kept, studies)):
        (FOLDER / f"{study.name}.yaml").write_text(write_study(study), encoding="utf-8")
        print("\n".join(said(entry, study) for entry in study.entries))


if __name__ == "__main__":
    main()
