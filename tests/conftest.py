"""What several folders of tests share: one block that holds every plan of the library, and a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dayzero.simulation.course import Course
    from loopback import Cluster


@pytest.fixture(scope="session")
def library() -> Course:
    """Every plan of the library, one virtual patient each, to day 100, in one block."""
    from simulation.wards import library_plans, run

    return run(library_plans(), days=100)


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Dask scheduler and two workers on this machine."""
    pytest.importorskip("distributed", reason="needs dayzero[cluster]")
    from loopback import Cluster

    cluster = Cluster(tmp_path_factory.mktemp("loopback"))
    yield cluster
    cluster.close()
