"""The main job: simulate a named plan, show the clinician's table, write a figure."""

import sys

from setup import run

if __name__ == "__main__":
    sys.exit(run("-m", "dayzero", "simulate", *(sys.argv[1:] or ["aml-sibling-pbsc", "--figure", "out/course.png"])))
