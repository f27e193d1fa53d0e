"""``python -m dayzero.criteria FILE.json``: run known answers through the criteria; exit code 1 if any fails."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from dayzero.criteria.vectors import check, read_vectors
from dayzero.errors import InputError


def main(arguments: list[str]) -> int:
    """Run the files and print passed, failed and skipped by rule."""
    if not arguments:
        print("usage: python -m dayzero.criteria FILE.json")
        return 2
    try:
        cases = [case for name in arguments for case in read_vectors(Path(name))]
    except InputError as problem:
        print(problem, file=sys.stderr)
        return 2
    outcomes = [check(case) for case in cases]
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
