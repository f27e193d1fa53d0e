"""Have a browser for the tests of the page: Debian's Chromium, installed where it is missing and may be installed.

Without one those tests are skipped, and say so. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL, "check": False}


def found() -> str | None:
    """The path of a browser."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> bool:
    """Install one with the system's packages; whether that was possible."""
    apt = shutil.which("apt-get")
    if apt is None or os.name == "nt" or os.geteuid() != 0:
        return False
    subprocess.run([apt, "update", "-qq"], **QUIET)
    return subprocess.run([apt, "install", "-y", "-qq", "--no-install-recommends", "chromium"], **QUIET).returncode == 0


if __name__ == "__main__":
    if found() is None and not install():
        print("No browser could be installed; the tests in tests/browser are skipped. Install the package chromium.")
    else:
        print(f"browser: {found()}")
