"""The programs of the engine made ready while the server starts, so that nobody's first slider waits for a compiler.

Programs are kept between runs (`dayzero.simulation.native`): loading them takes a fraction of a second, compiling them
on a new machine or for a new version some seconds each.
"""

from __future__ import annotations

import threading
import time
import warnings

from dayzero.errors import DayzeroError

LISTED = ("plan", "conditioning", "prophylaxis", "care")  # of the library, on the ward
SHAPES = ("aml-sibling-pbsc", "double-cord")  # one donor, two
PATIENTS, DAYS = 16, 30  # a whole group side by side


class WarmUp:
    """Where the warm-up stands; before it was begun there is nothing to wait for."""

    def __init__(self) -> None:
        self._first, self._since = threading.Event(), 0.0
        self._first.set()

    def begin(self) -> threading.Thread:
        """Make the programs ready in the background, the most used one first."""
        self._first.clear()
        self._since = time.monotonic()
        thread = threading.Thread(target=self._run, name="warm-up", daemon=True)
        thread.start()
        return thread

    @property
    def waited_s(self) -> float | None:
        """Seconds since the warm-up began; None when the first program is there."""
        return None if self._first.is_set() else time.monotonic() - self._since

    def _run(self) -> None:
        from dayzero.analyse.summary import summary
        from dayzero.present.tables import library_rows
        from dayzero.simulation.cohort import simulate

        for plan in SHAPES:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    course = simulate(plan, patients=PATIENTS, days=DAYS, cores=1)
                self._first.set()
                summary(course)  # loads what tables need
                for kind in LISTED:
                    library_rows(kind)
            except DayzeroError:  # said to whoever asks for a run
                return
            finally:
                self._first.set()
