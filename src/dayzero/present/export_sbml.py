"""A patient's body as SBML level 3 version 2: parameters, rate rules, assignment rules, and the mornings as events.

Time is in days from the morning of admission. At each morning two events follow one another::

    new_day   `day` moves on; doses, kills, orders, onsets and draws take the values of that day (tables by day)
    morning   kills, infusions, transfusions and onsets act on the states: the organs' jumps

The first morning's jumps are in the initial values. Orders, events and draws are those of the patient's own simulated
course (`export_course`): the model is open loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from xml.etree.ElementTree import Element, ElementTree, SubElement, register_namespace

from dayzero.module import Parameter
from dayzero.present import export_mathml as mathml
from dayzero.present.export_course import HeldFast
from dayzero.present.export_model import Equations, Expression, Named, Part
from dayzero.present.export_units import Base, bases, unit_id

SBML = "http://www.sbml.org/sbml/level3/version2/core"  # the name of the vocabulary
XHTML = "http://www.w3.org/1999/xhtml"
OWN = "urn:dayzero:parameter"
DAY, NEXT, LIVED = "day", "next_day", "lived_day"
CLOCK: Mapping[str, str] = {
    DAY: "day of the last morning, counted from infusion",
    NEXT: "day of the morning to come, counted from infusion",
    LIVED: "day whose morning has acted on the states, counted from infusion",
}


def sbml(held: HeldFast, found: Equations) -> ElementTree:
    """The SBML document of a patient held fast and their equations (`export_numbers.body_of`)."""
    for prefix, name in (("", SBML), ("html", XHTML), ("math", mathml.MATHML), ("dayzero", OWN)):
        register_namespace(prefix, name)
    root = Element(f"{{{SBML}}}sbml", {"level": "3", "version": "2"})
    model = SubElement(root, f"{{{SBML}}}model", {
        "id": "dayzero_body", "name": f"{held.plan.name}: virtual patient {held.patient} of seed {held.seed}",
        "timeUnits": "day",
    })  # fmt: skip
    _notes(model, *_about(held, found))
    _units(model, found)
    _parameters(model, held, found)
    _once(model, found)
    _rules(model, found)
    _events(model, held, found)
    _lines(root)
    return ElementTree(root)


def _lines(element: Element, depth: int = 0) -> None:
    """Lay the document out in lines; a formula stays on one."""
    if len(element) == 0 or element.tag == f"{{{mathml.MATHML}}}math":
        return
    element.text = "\n" + "  " * (depth + 1)
    for child in element:
        _lines(child, depth + 1)
        child.tail = element.text
    element[-1].tail = "\n" + "  " * depth


def _about(held: HeldFast, found: Equations) -> list[str]:
    """What a reader of the model must know."""
    first, last = held.days[0], held.days[-1]
    ends = f"The patient dies on day {last} ({held.died})." if held.died else f"The course ends on day {last}."
    return [
        f"The body of virtual patient {held.patient} (seed {held.seed}) under the plan {held.plan.name}, written by "
        f"dayzero {version('dayzero')} from the equations that dayzero itself runs: {len(found.states)} states. "
        "Research and teaching software; not a medical device.",
        f"Open loop: the ward's orders, what befell the patient, and the draws of chance are those of this patient's "
        f"course as dayzero simulated it ({held.course.record['precision']}). They do not answer to a changed "
        "parameter or state; the body does.",
        f"Time is in days from the morning of admission, day {first} from infusion. Schedules run to day {last}; "
        f"later they stand still. {ends}",
        "Initial values are those of this patient after the first morning. Values derived from homeostasis stand as "
        "numbers, so that a changed parameter does not move them.",
        f"Plan {held.plan.sha256()} (SHA-256).",
    ]


def _units(model: Element, found: Equations) -> None:
    tables = [*found.states.values(), *found.constants.values(), *found.signals.values(),
              *(signal for signal, _ in found.given.values())]  # fmt: skip
    wanted = {unit_id(one.unit): bases(one.unit) for one in tables} | {"day": bases("day")}
    listed = SubElement(model, f"{{{SBML}}}listOfUnitDefinitions")
    for name, parts in sorted((k, v) for k, v in wanted.items() if k not in (None, "dimensionless")):
        definition = SubElement(listed, f"{{{SBML}}}unitDefinition", {"id": str(name)})
        inner = SubElement(definition, f"{{{SBML}}}listOfUnits")
        for part in parts:
            SubElement(inner, f"{{{SBML}}}unit", _unit(part))


def _unit(base: Base) -> dict[str, str]:
    return {"kind": base.kind, "exponent": str(base.exponent), "scale": str(base.scale),
            "multiplier": repr(base.multiplier)}  # fmt: skip


def _parameters(model: Element, held: HeldFast, found: Equations) -> None:
    listed, first = SubElement(model, f"{{{SBML}}}listOfParameters"), int(held.days[0])
    for name, start in ((DAY, first), (NEXT, first + 1), (LIVED, first)):
        _parameter(listed, name, Named("day", CLOCK[name], start), constant=False)
    for name, state in found.states.items():
        _parameter(listed, name, state, constant=False)
    for name, (signal, values) in found.given.items():
        _parameter(listed, name, Named(signal.unit, signal.meaning, float(values[0])), constant=not _moves(values))
    for name, constant in found.constants.items():
        _parameter(listed, name, constant, constant=True)
    for name in found.fixed:
        _blank(listed, name, "worked out once from parameters", constant=True)
    for name in found.rules:
        signal = found.signals.get(name)
        meaning = signal.meaning if signal else "part that several equations share"
        _blank(listed, name, meaning, unit=signal.unit if signal else None)


def _parameter(listed: Element, name: str, about: Named, *, constant: bool) -> None:
    made = _blank(listed, name, about.meaning, unit=about.unit, constant=constant)
    made.set("value", repr(about.value))
    if about.parameter is not None:
        _sourced(made, about.parameter)


def _blank(listed: Element, name: str, meaning: str, *, unit: str | None = None, constant: bool = False) -> Element:
    made = SubElement(listed, f"{{{SBML}}}parameter", {"id": name, "name": meaning})
    told = unit_id(unit) if unit is not None else None
    if told is not None:
        made.set("units", told)
    made.set("constant", "true" if constant else "false")
    if unit is not None and told is None:
        _notes(made, f"Unit: {unit}.")
    return made


def _sourced(made: Element, parameter: Parameter) -> None:
    """Where a parameter comes from: to read, and for machines."""
    old = made.find(f"{{{SBML}}}notes")
    if old is not None:
        made.remove(old)
    _notes(made, f"{parameter.typical:g} {parameter.unit} in the typical patient; {parameter.status}: "
                 f"{parameter.source}.")  # fmt: skip
    told = {"typical": parameter.typical, "unit": parameter.unit, "status": parameter.status,
            "source": parameter.source, "uncertainty_cv": parameter.uncertainty,
            "between_patient_cv": parameter.between_patient, "low": parameter.low, "high": parameter.high}  # fmt: skip
    inner = SubElement(made, f"{{{SBML}}}annotation")
    SubElement(inner, f"{{{OWN}}}parameter", {k: str(v) for k, v in told.items() if v is not None})


def _notes(made: Element, *paragraphs: str) -> None:
    inner = SubElement(made, f"{{{SBML}}}notes")
    for paragraph in paragraphs:
        SubElement(inner, f"{{{XHTML}}}p").text = paragraph


def _once(model: Element, found: Equations) -> None:
    if found.fixed:
        listed = SubElement(model, f"{{{SBML}}}listOfInitialAssignments")
        for name, expression in found.fixed.items():
            made = SubElement(listed, f"{{{SBML}}}initialAssignment", {"symbol": name})
            made.append(mathml.math(expression))


def _rules(model: Element, found: Equations) -> None:
    listed = SubElement(model, f"{{{SBML}}}listOfRules")
    for kind, table in (("assignmentRule", found.rules), ("rateRule", found.rates)):
        for name, expression in table.items():
            made = SubElement(listed, f"{{{SBML}}}{kind}", {"variable": name})
            made.append(mathml.math(expression))


def _events(model: Element, held: HeldFast, found: Equations) -> None:
    first, last = int(held.days[0]), int(held.days[-1])
    listed = SubElement(model, f"{{{SBML}}}listOfEvents")
    due = mathml.apply("geq", mathml.time(), mathml.element(Part("sub", (NEXT, first))))
    living = mathml.element(Part("le", (NEXT, last)))
    new = _event(listed, "new_day", "a new day: what is given, ordered and met with today",
                 mathml.apply("and", due, living))  # fmt: skip
    _assigned(new, DAY, NEXT)
    _assigned(new, NEXT, Part("add", (NEXT, 1)))
    for name, (_, values) in found.given.items():
        if _moves(values):
            counts = [float(v) for v in values]
            _put(new, name, mathml.table(counts, first, NEXT))
    acts = _event(listed, "morning", "the morning: kills, infusions, transfusions and onsets act on the states",
                  mathml.element(Part("gt", (DAY, LIVED))))  # fmt: skip
    _assigned(acts, LIVED, DAY)
    for name, expression in found.jumps.items():
        _assigned(acts, name, expression)


def _event(listed: Element, name: str, meaning: str, condition: Element) -> Element:
    made = SubElement(listed, f"{{{SBML}}}event", {"id": name, "name": meaning, "useValuesFromTriggerTime": "true"})
    trigger = SubElement(made, f"{{{SBML}}}trigger", {"initialValue": "false", "persistent": "true"})
    SubElement(trigger, f"{{{mathml.MATHML}}}math").append(condition)
    return SubElement(made, f"{{{SBML}}}listOfEventAssignments")


def _assigned(event: Element, name: str, expression: Expression) -> None:
    _put(event, name, mathml.element(expression))


def _put(event: Element, name: str, what: Element) -> None:
    made = SubElement(event, f"{{{SBML}}}eventAssignment", {"variable": name})
    SubElement(made, f"{{{mathml.MATHML}}}math").append(what)


def _moves(values: Sequence[float]) -> bool:
    return any(value != values[0] for value in values)
