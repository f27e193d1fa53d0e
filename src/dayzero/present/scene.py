"""What a view of the page shows, as its address says it: a plan, the edits, who is simulated and how long.

The address holds plans and edits only, never anything of a patient; a plan of one's own is packed (`plan_link`)::

    plan=aml-sibling-pbsc & but=graft.cd34_per_kg=3e6 & days=120 & patients=200 & seed=1

The same words make the links of exports, so that a link gives the same picture, table and record again.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from dayzero.errors import SpecError
from dayzero.present.plan_link import plan_called
from dayzero.simulation.course import Course
from dayzero.spec import Plan
from dayzero.spec.files import read_text_value

FIRST_PLAN = "aml-sibling-pbsc"
MOST_PATIENTS, MOST_DAYS, MOST_EDITS = 1000, 1095, 60
LONGEST_EDIT = 2000
ONE_BLOCK = 256  # patients
KEPT_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True)
class Scene:
    """A plan of the library or packed, with edits, simulated patients, last day, seed, and the one patient looked at.

    >>> scene = Scene.of({"plan": "auto-mel200-myeloma", "but": ["care.gcsf.start_day=7"], "days": "60"})
    >>> scene.query()
    'plan=auto-mel200-myeloma&but=care.gcsf.start_day%3D7&days=60'
    >>> scene.loaded().care.gcsf.start_day
    7
    """

    plan: str = FIRST_PLAN
    edits: tuple[str, ...] = ()
    patients: int = 200
    days: int = 120
    seed: int = 1
    patient: int | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Scene:
        """The scene of an address; what it does not say is as usual."""
        written = told.get("but", ())
        edits = tuple([written] if isinstance(written, str) else map(str, written))
        if len(edits) > MOST_EDITS or any(len(edit) > LONGEST_EDIT for edit in edits):
            raise SpecError("address", "but", "more than it may hold", f"at most {MOST_EDITS} edits", "write a plan")
        name = str(told.get("plan") or FIRST_PLAN)
        plan_called(name)
        looked_at = told.get("patient") not in (None, "")
        return cls(
            plan=name,
            edits=edits,
            patients=_whole(told, "patients", 1, MOST_PATIENTS, 200),
            days=_whole(told, "days", 1, MOST_DAYS, 120),
            seed=_whole(told, "seed", 0, 2**31 - 1, 1),
            patient=_whole(told, "patient", 0, MOST_PATIENTS - 1, 0) if looked_at else None,
        )

    def but(self, **changes: Any) -> Scene:
        """The same scene with some entries replaced."""
        return replace(self, **changes)

    def edited(self, path: str, value: str | None) -> Scene:
        """The scene with one field of the plan set, its former edit dropped; None takes the edit back."""
        kept = tuple(edit for edit in self.edits if edit.partition("=")[0] != path)
        return replace(self, edits=kept if value is None else (*kept, f"{path}={value}"))

    def edit_of(self, path: str) -> str | None:
        """What an edit says of a field."""
        return next((edit.partition("=")[2] for edit in self.edits if edit.partition("=")[0] == path), None)

    def query(self, **also: Any) -> str:
        """The scene as the query of an address; usual entries are left out."""
        usual = Scene()
        pairs: list[tuple[str, Any]] = [("plan", self.plan), *(("but", edit) for edit in self.edits)]
        for name in ("patients", "days", "seed", "patient"):
            if getattr(self, name) != getattr(usual, name):
                pairs.append((name, getattr(self, name)))
        return urlencode([*pairs, *also.items()])

    def loaded(self) -> Plan:
        """The plan with its edits, checked."""
        plan = plan_called(self.plan)
        return with_edits(plan, self.edits) if self.edits else plan

    @property
    def file_name(self) -> str:
        """The plan's name as files may be called."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", plan_called(self.plan).name)[:60].strip("-.") or "plan"


class Courses:
    """Courses simulated lately, so that a figure, table and record of one scene are those of one run.

    Raises
    ------
    SpecError : the plan or an entry of the scene cannot be used.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[tuple[str, int, int, int], Course] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, scene: Scene) -> Course:
        """The course of a scene, from memory where it is there."""
        from dayzero.simulation.cohort import simulate

        plan = scene.loaded()
        key = (plan.sha256() + plan.name, scene.patients, scene.days, scene.seed)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        course = simulate(plan, patients=scene.patients, days=scene.days, seed=scene.seed)
        with self._lock:
            self._kept[key] = course
            while len(self._kept) > 1 and sum(map(_bytes, self._kept.values())) > self._kept_bytes:
                self._kept.popitem(last=False)
        return course


def moving(scene: Scene, recording: Sequence[str], days: int) -> Course:
    """The course of a scene while a slider moves: the integration's fast steps, few quantities, not kept.

    Few patients are one block: sharing them out would cost more than a second core gains.
    """
    from dayzero.simulation.cohort import simulate

    last = min(scene.days, days)
    block = scene.patients if scene.patients <= ONE_BLOCK else None
    return simulate(scene.loaded(), patients=scene.patients, days=last, seed=scene.seed, recording=recording,
                    steps_per_day="fast", block=block)  # fmt: skip


def with_edits(plan: Plan, changes: Sequence[str]) -> Plan:
    """The plan with every ``section.field=value`` applied; values are YAML.

    >>> with_edits(Plan.load("aml-sibling-pbsc"), ["graft.cd34_per_kg=2e6"]).graft.cd34_per_kg
    2000000.0
    """
    edits: dict[str, Any] = {}
    for change in changes:
        path, equals, value = change.partition("=")
        keys = path.split(".")
        if not equals or not all(keys):
            raise SpecError("--but", repr(change), "no value", "section.field=value", "graft.cd34_per_kg=2e6, say")
        place = edits
        for key in keys[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise SpecError("--but", repr(change), "a field of a value", "section.field=value", "edit it once")
        place[keys[-1]] = read_text_value(value)
    return plan.but(**edits)


def _whole(told: Mapping[str, Any], name: str, low: int, high: int, usual: int) -> int:
    written = told.get(name)
    if written is None or written == "":
        return usual
    try:
        value = int(str(written)[:12])
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise SpecError("address", name, repr(str(written)[:20]), f"a whole number of {low} to {high}", "change it")
    return value


def _bytes(course: Course) -> int:
    return sum(array.nbytes for array in (*course.values.values(), *course.flags.values()))
