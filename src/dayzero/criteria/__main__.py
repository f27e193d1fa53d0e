"""``python -m dayzero.criteria FILE.json``: run known answers through the criteria; exit code 1 if any fails.

Answers that need HLA reference data are skipped without them: ``--ard-table FILE.csv`` (allele,group), ``--ard-data
DIR`` (databases of py-ard) or ``--ard-tree DIR`` (reference files) names them.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from dayzero.criteria.hla import TWO_FIELD
from dayzero.criteria.hla_reducers import reducer_at_hand
from dayzero.criteria.vectors import check, read_vectors
from dayzero.errors import InputError

_DATA = ("--ard-table", "--ard-data", "--ard-tree")


def main(arguments: list[str]) -> int:
    """Run the files and print passed, failed and skipped by rule."""
    try:
        names, data = _told(arguments)
        if not names:
            print("usage: python -m dayzero.criteria FILE.json [--ard-table CSV | --ard-data DIR | --ard-tree DIR]")
            return 2
        table, data_dir, tree = (data.get(option) for option in _DATA)
        reducer = reducer_at_hand(table=table, data_dir=data_dir, tree=tree)
        cases = [case for name in names for case in read_vectors(Path(name))]
    except InputError as problem:
        print(problem, file=sys.stderr)
        return 2
    outcomes = [check(case, None if reducer is TWO_FIELD else reducer) for case in cases]
    by_rule = {rule: [one for one in outcomes if one.rule == rule] for rule in sorted({one.rule for one in outcomes})}
    print(f"{'rule':32} passed failed skipped")
    for rule, group in by_rule.items():
        count = Counter(one.state for one in group)
        reasons = "; ".join(sorted({one.reason for one in group if one.state == "skipped"}))
        print(f"{rule:32} {count['passed']:6} {count['failed']:6} {count['skipped']:7}  {reasons}".rstrip())
    total = Counter(one.state for one in outcomes)
    print(f"{'all':32} {total['passed']:6} {total['failed']:6} {total['skipped']:7}")
    for one in outcomes:
        if one.state == "failed":
            print(f"failed {one.id}: {one.reason}")
    return 1 if total["failed"] else 0


def _told(arguments: list[str]) -> tuple[list[str], dict[str, Path]]:
    """Files of answers, and where HLA reference data are."""
    names, data, rest = list[str](), dict[str, Path](), list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            names.append(word)
        elif word not in _DATA or not rest:
            expected = f"one of {', '.join(_DATA)} and a path"
            raise InputError("command line", word, "an option without a meaning here", expected, "check the spelling")
        else:
            data[word] = Path(rest.pop(0))
    return names, data


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
