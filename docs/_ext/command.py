"""The help of every command, as the terminal prints it, in Markdown."""

from __future__ import annotations

from pathlib import Path

from rst import write

WIDTH = 96


def write_pages(docs: Path) -> None:
    """The body of `reference/cli`; a sentence where this build has no command line."""
    try:
        parts = _helps()
    except ImportError:
        parts = ["The command line is not part of this build."]
    write(docs / "generated" / "parts" / "cli.md", parts)


def _helps() -> list[str]:
    import typer.main

    from dayzero.present.cli import app

    command = typer.main.get_command(app)
    context = command.make_context("dayzero", [], resilient_parsing=True)
    context.max_content_width = context.terminal_width = WIDTH
    parts = [_block(command.get_help(context))]
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        below = inner.make_context(name, [], parent=context, resilient_parsing=True)
        below.terminal_width = WIDTH
        parts += [f"## dayzero {name}", _block(inner.get_help(below))]
    return parts


def _block(text: str) -> str:
    return f"```text\n{text.strip()}\n```"
