"""Where compiled programs are kept between runs: a private folder, one for each user.

JAX keys its entries by program, version and CPU features. `DAYZERO_CACHE` names another folder; empty switches the
cache off. A folder that others could write to is not used: compiled code is run as it is found.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def folder() -> Path | None:
    """The cache folder, made if need be; None when switched off or unusable."""
    named = os.environ.get("DAYZERO_CACHE")
    if named == "":
        return None
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dayzero"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = base.stat()
    except OSError:
        return None
    private = about.st_uid == os.getuid() and not stat.S_IMODE(about.st_mode) & 0o022
    return base if private else None


def use() -> None:
    """Let JAX keep what it compiles, unless the user has chosen a place already."""
    import jax

    if getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    place = folder()
    if place is not None:
        jax.config.update("jax_compilation_cache_dir", str(place))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
