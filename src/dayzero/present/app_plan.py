"""A plan of one's own on the page: a file opened, or text written; the view goes on with it under its link."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dayzero.errors import DayzeroError
from dayzero.present.app_parts import button, fresh, tag
from dayzero.present.plan_link import LONGEST_TEXT, MARK, opened, packed, plan_called
from dayzero.present.tables import library_rows
from dayzero.present.uploads import shown_name
from dayzero.spec import Plan

READ = """(e) => { const file = e.target.files[0];
  if (file) file.slice(0, LONGEST).text().then(text => emit(file.name.slice(-80), text)); }"""


def plans_to_choose(chosen: str) -> dict[str, str]:
    """The plans of the library by name, and the one that was opened, where it is of none."""
    listed = {row["name"]: row["title"] or row["name"] for row in library_rows("plan")}
    own = {chosen: f"{plan_called(chosen).name} (opened)"} if chosen.startswith(MARK) else {}
    return own | listed


class OpenPlan:
    """A place to open a plan's file or to write one; ``use`` is called with the packed plan."""

    def __init__(
        self, plan: Callable[[], Plan], use: Callable[[str], Any], title: str = "Open or write a plan"
    ) -> None:
        self._plan, self._use, self._name = plan, use, fresh("p")
        self._text = ""
        with tag("details") as place:
            tag("summary", title)
            tag("label", "A plan's file (YAML)", for_=f"{self._name}f")
            file = tag("input", id=f"{self._name}f", type="file", accept=".yaml,.yml")
            tag("label", "Or its text; a base and what differs is enough", for_=self._name)
            text = tag("textarea", id=self._name, rows=10, maxlength=LONGEST_TEXT, spellcheck="false")
            with tag("div", classes="row"):
                button("Use this plan", lambda: self._read(self._text, "plan"))
                button("Begin with the plan shown", self._begin)
            self._alert = tag("div", "", "alert", role="alert")
        file.on("change", lambda e: self._read(e.args[1], shown_name(str(e.args[0]))),
                js_handler=READ.replace("LONGEST", str(LONGEST_TEXT + 1)))  # fmt: skip
        text.on("input", lambda e: setattr(self, "_text", str(e.args)), js_handler="(e) => emit(e.target.value)")
        self._place = place

    def _read(self, text: str, name: str) -> None:
        try:
            word = packed(opened(text, name))
        except DayzeroError as problem:
            self._alert.text = str(problem)
            return
        self._use(word)

    def _begin(self) -> None:
        """Put the plan that is shown into the field, to be changed there."""
        self._text = self._plan().dump()
        script = f"document.getElementById('{self._name}').value = {json.dumps(self._text)}"
        self._place.client.run_javascript(script)
