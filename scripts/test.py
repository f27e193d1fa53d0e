"""The tests, in two processes. Arguments go to pytest."""

import sys

from setup import run

SPREAD = ("-n", "2", "--dist", "loadfile")  # a file's tests share what they compile

if __name__ == "__main__":
    chosen = sys.argv[1:]
    alone = any(word.startswith(("-n", "--pdb")) for word in chosen)
    sys.exit(run("-m", "pytest", *(() if alone else SPREAD), *chosen, groups=("dev",)))
