"""What several folders of tests share: one block that holds every plan of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dayzero.simulation.course import Course


@pytest.fixture(scope="session")
def library() -> Course:
    """Every plan of the library, one virtual patient each, to day 100, in one block."""
    from simulation.wards import library_plans, run

    return run(library_plans(), days=100)
