"""``dayzero serve``: the page on this machine, for one person's browser."""

from __future__ import annotations

import logging
import socket
import sys
import warnings
from typing import Annotated

import typer

from dayzero.errors import DomainWarning, EngineError, InputError

PORT = 8737
HOST = "127.0.0.1"
MESSAGE_BYTES = 1024 * 1024
CONNECTIONS = 512


def serve(
    port: Annotated[int, typer.Option(help="Port of this machine; 0: any that is free.")] = PORT,
    is_opened: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Show the ward on a local web page. Only this machine can reach it; the link lets in one browser."""
    try:
        import nicegui  # noqa: F401
        import uvicorn
    except ImportError:
        raise EngineError("the page needs two more packages; install them with: pip install 'dayzero[web]'") from None

    from dayzero.present.guard import Doors, Guard

    place = _bound(port)
    port = place.getsockname()[1]
    doors = Doors(lambda token: _say(f"let in; for another browser: {_link(port, token)}"))
    warnings.simplefilter("ignore", DomainWarning)  # the page shows them beside the figure
    logging.getLogger("nicegui").setLevel(logging.ERROR)  # it writes addresses down
    config = uvicorn.Config(
        Guard(_page(), doors),
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=MESSAGE_BYTES,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=2,
    )
    _say(f"the ward is at {_link(port, doors.token)}")
    _say("research and teaching software; not a medical device. Stop it with Ctrl+C.")
    if is_opened:
        import webbrowser

        webbrowser.open(_link(port, doors.token))
    try:
        uvicorn.Server(config).run(sockets=[place])
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the page is closed") from None


def _page() -> object:
    from dayzero.present.api import Ward
    from dayzero.present.app import app_of
    from dayzero.present.jobs import Jobs
    from dayzero.simulation.cache import folder

    kept = folder()
    ward = Ward(Jobs(None if kept is None else kept / "jobs"))
    ward.warm.begin()
    return app_of(ward)


def _link(port: int, token: str) -> str:
    return f"http://{HOST}:{port}/?token={token}"


def _say(sentence: str) -> None:
    print(f"dayzero: {sentence}", file=sys.stdout, flush=True)


def _bound(port: int) -> socket.socket:
    """A socket of this machine's own address, and no other."""
    if not 0 <= port <= 65535:
        raise InputError("serve", "--port", f"{port}", "0 to 65535", f"leave it out for {PORT}")
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((HOST, port))
        place.listen()  # a browser that is quicker than the page waits
    except OSError as problem:
        place.close()
        got = f"{port}, which is taken ({(problem.strerror or 'not usable').lower()})"
        raise InputError("serve", "--port", got, "a port that is free", "choose another, or 0 for any") from None
    return place
