"""Benchmarks against peers, as ratios in one run. `--quick` for a sample."""

import sys

from setup import run

if __name__ == "__main__":
    sys.exit(run("benchmarks/run.py", *sys.argv[1:], groups=("bench",)))
