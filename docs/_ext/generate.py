"""Makes the generated pages before Sphinx looks for its sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import api
import command
import criteria_list
import library_list
import model


def write_all(app: Any) -> None:
    """Write every generated page below `docs/generated`."""
    for maker in (model, criteria_list, library_list, api, command):
        maker.write_pages(Path(app.srcdir))


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
