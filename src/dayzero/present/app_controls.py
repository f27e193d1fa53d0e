"""The controls of the ward: the plan, what people argue about, and every other field of the plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, get_args

from nicegui import ui

from dayzero.errors import DayzeroError
from dayzero.present.app_parts import Choice, Slider, button, fresh, tag
from dayzero.present.app_plan import OpenPlan, plans_to_choose
from dayzero.present.fields import Field, fields_of, written
from dayzero.present.plan_link import plan_called
from dayzero.present.scene import Scene
from dayzero.present.tables import library_rows
from dayzero.spec import Plan
from dayzero.spec.vocabulary import DonorKind, Source

Changed = Callable[[Scene, bool], Awaitable[None]]


class Knob(NamedTuple):
    """A slider of the ward: the field it sets, words, span, and what a step of it is in the plan's own unit."""

    path: str
    label: str
    unit: str
    span: tuple[float, float, float]
    factor: float = 1.0
    live: bool = False


KNOBS = (
    Knob("graft.cd34_per_kg", "CD34+ dose", "10⁶/kg", (0.05, 12, 0.05), 1e6, live=True),
    Knob("patient.age_years", "Age of the patient", "years", (1, 80, 1), live=True),
    Knob("donor.age_years", "Age of the donor", "years", (0, 75, 1)),
    Knob("care.gcsf.start_day", "G-CSF from day", "", (0, 21, 1)),
)
LISTS = {"conditioning": "Conditioning", "prophylaxis": "Prophylaxis", "care": "Standard of care"}
WORDS = {"graft.source": ("Source of the graft", get_args(Source)), "donor.kind": ("Donor", get_args(DonorKind))}
DAYS = (60, 120, 365, 730, 1095)
PATIENTS = (50, 200, 500, 1000)


class Controls:
    """The form beside the ward's figure; every change is a scene handed on."""

    def __init__(self, scene: Scene, changed: Changed) -> None:
        self.scene, self._changed = scene, changed
        self._sliders: dict[str, Slider] = {}
        self._lists: dict[str, Choice] = {}
        plan = _loaded(scene)
        self._plan()
        with tag("fieldset", classes="live"):
            tag("legend", "While you drag")
            for knob in (knob for knob in KNOBS if knob.live):
                self._knob(knob, plan)
        with tag("fieldset"):
            tag("legend", "Transplant")
            for path, (label, names) in WORDS.items():
                options = {name: name.replace("_", " ") for name in names}
                self._list(path, label, options, value_of(plan, path))
            for section, label in LISTS.items():
                self._list(section, label, self._named(section, plan), getattr(plan, section).name)
            for knob in (knob for knob in KNOBS if not knob.live):
                self._knob(knob, plan)
        self._run()
        self._edits = tag("ul", classes="chips", **{"aria-label": "Edits of the plan; press one to take it back"})

        async def apply(path: str, value: str) -> None:
            self.scene = self.scene.edited(path, value)
            await self._changed(self.scene, True)

        AnyField(lambda: _loaded(self.scene), apply, "Every other field of the plan")
        self._show_edits()

    def follow(self, scene: Scene) -> None:
        """Stand as a scene does: sliders of fields that another edit has changed move with it."""
        before, self.scene = self.scene, scene
        if before.edits != scene.edits:
            self._show_edits()
        self._set(_loaded(scene))

    def back_to(self, scene: Scene) -> None:
        """Take back a change that cannot be."""
        self.scene = scene
        self._set(_loaded(scene))

    def _set(self, plan: Plan) -> None:
        script = [self._lists[path].setting(value_of(plan, path)) for path in WORDS]
        script += [self._lists[name].setting(getattr(plan, name).name) for name in LISTS]
        script += [self._sliders[knob.path].setting(shown_of(plan, knob)) for knob in KNOBS]
        ui.run_javascript("".join(script))

    def _plan(self) -> None:
        def chosen(name: str) -> None:
            ui.navigate.to(f"/?{Scene(plan=name, days=self.scene.days, patients=self.scene.patients).query()}")

        Choice("Plan", plans_to_choose(self.scene.plan), self.scene.plan, chosen)
        OpenPlan(lambda: _loaded(self.scene), chosen)

    def _knob(self, knob: Knob, plan: Plan) -> None:
        async def moved(value: float, rests: bool) -> None:
            self.scene = self.scene.edited(knob.path, written(value * knob.factor))
            await self._changed(self.scene, rests)

        self._sliders[knob.path] = Slider(knob.label, knob.unit, knob.span, shown_of(plan, knob), moved)

    def _list(self, path: str, label: str, options: dict[str, str], value: str) -> None:
        async def chosen(name: str) -> None:
            scene = self.scene
            if path in WORDS or path in LISTS:  # what was edited inside a part goes with the part
                scene = scene.but(
                    edits=tuple(
                        e
                        for e in scene.edits
                        if not e.startswith(f"{path.split('.')[0]}.")
                        or e.startswith(("patient.", "donor.") if path != "donor.kind" else "-")
                    )
                )
            self.scene = scene.edited(path, name)
            await self._changed(self.scene, True)

        self._lists[path] = Choice(label, options, value, chosen)  # fmt: skip

    def _named(self, section: str, plan: Plan) -> dict[str, str]:
        own = getattr(plan, section).name
        names = [row["name"] for row in library_rows(section)]
        return {name: name for name in ([] if own in names else [own]) + names}

    def _run(self) -> None:
        async def set_(name: str, value: str) -> None:
            self.scene = self.scene.but(**{name: int(value) if value.strip() else None})
            await self._changed(self.scene, True)

        async def patient(value: str) -> None:
            low = value.strip()
            if low and not (low.isdecimal() and int(low) < self.scene.patients):
                return
            await set_("patient", low)

        with tag("fieldset"):
            tag("legend", "Patients")
            Choice("Followed to day", {str(d): f"day {d}" for d in sorted({*DAYS, self.scene.days})},
                   str(self.scene.days), lambda v: set_("days", v))  # fmt: skip
            Choice("How many", {str(n): str(n) for n in sorted({*PATIENTS, self.scene.patients})},
                   str(self.scene.patients), lambda v: set_("patients", v))  # fmt: skip

            async def others() -> None:
                self.scene = self.scene.but(seed=self.scene.seed + 1)
                await self._changed(self.scene, True)

            with tag("div", classes="field"):
                button("Other patients (next seed)", others)
            with tag("div", classes="field"):
                tag("label", "Look at one patient (number, from 0)", for_="one-patient")
                shown = "" if self.scene.patient is None else str(self.scene.patient)
                field = tag("input", id="one-patient", type="number", min=0, step=1, **{"^value": shown})
                field.on("change", lambda e: patient(str(e.args)), js_handler="(e) => emit(e.target.value)")

    def _show_edits(self) -> None:
        self._edits.clear()
        with self._edits:
            for edit in self.scene.edits:
                path = edit.partition("=")[0]
                with tag("li"):
                    button(f"{edit} ×", lambda path=path: self._take_back(path))

    async def _take_back(self, path: str) -> None:
        self.scene = self.scene.edited(path, None)
        await self._changed(self.scene, True)


class AnyField:
    """Any field of a plan: choose it, read what it means and may be, write a value."""

    def __init__(self, plan: Callable[[], Plan], apply: Callable[[str, str], Awaitable[None]], title: str) -> None:
        known = {field.path: field for field in fields_of(plan())}
        asked = {"path": next(iter(known)), "value": ""}
        with tag("details"):
            tag("summary", title)

            async def look(path: str) -> None:
                asked["path"] = path
                here = {field.path: field for field in fields_of(plan())}
                _tell(told, here.get(path, known[path]))

            Choice("Field", {path: path for path in known}, asked["path"], look)
            told = tag("p", "", "said")
            name = fresh("v")
            with tag("div", classes="field"):
                tag("label", "Value", for_=name)
                value = tag("input", id=name, type="text", autocomplete="off", maxlength=500)
            value.on("input", lambda e: asked.update(value=str(e.args)), js_handler="(e) => emit(e.target.value)")
            button("Set", lambda: apply(asked["path"], asked["value"]))
            _tell(told, known[asked["path"]])


def _tell(place: Any, field: Field) -> None:
    place.text = f"{field.meaning}. Now: {written(field.value)}. May be: {field.range}."


def _loaded(scene: Scene) -> Plan:
    """The plan of a scene; without the edits where they cannot be, which the view says."""
    try:
        return scene.loaded()
    except DayzeroError:
        return plan_called(scene.plan)


def value_of(plan: Plan, path: str) -> str:
    """A word of the plan, by dotted path."""
    section, name = path.split(".")
    return str(getattr(getattr(plan, section), name))


def shown_of(plan: Plan, knob: Knob) -> float:
    """Where a slider stands: the plan's own value, typical values filled in."""
    if knob.path == "care.gcsf.start_day":
        return 5.0 if plan.care.gcsf is None else float(plan.care.gcsf.start_day)
    return plan.value_of(knob.path) / knob.factor
