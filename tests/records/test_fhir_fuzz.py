"""Bundles damaged at random: read, or refused in one sentence, and never a word lost."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.errors import ChartError
from dayzero.records.fhir import read_bundle
from records.bundles import (
    ANC,
    ANC_PERCENT,
    PATIENT,
    PLATELETS,
    TRANSPLANT,
    WBC,
    bundle,
    concept,
    condition,
    drug,
    observation,
    procedure,
    quantity,
)

VALID = bundle(
    {**PATIENT, "deceasedDateTime": "2024-06-01"},
    TRANSPLANT,
    observation(ANC, "2024-03-24T06:30:00+01:00", quantity(600, "/uL"), id="1", method={"text": "flow"}),
    observation(WBC, "2024-03-25", quantity(2, "10*9/L", "<")),
    observation(ANC_PERCENT, "2024-03-25", quantity(40, "%")),
    observation(PLATELETS, "2024-03-25", None, dataAbsentReason=concept("masked")),
    observation("85354-9", "2024-03-26", None, component=[
        {"code": concept("8480-6"), "valueQuantity": quantity(120, "mm[Hg]")},
        {"code": concept("8462-4"), "valueQuantity": quantity(80, "mm[Hg]")},
    ]),
    procedure("12719002", "2024-03-14"),
    drug("68442", "2024-03-15", dosage={"dose": quantity(5, "ug/kg")}),
    condition("402355000", "2024-04-09", verificationStatus=concept("confirmed")),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a value stands in a tree of JSON."""
    found = [path] if path else []
    if isinstance(value, dict):
        found += [p for key, part in value.items() for p in places(part, (*path, key))]
    elif isinstance(value, list):
        found += [p for at, part in enumerate(value) for p in places(part, (*path, at))]
    return found


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["2024-03", "0000-00-00", "9999-12-31", "2024-03-20T24:00:00Z", "", "entered-in-error", "Group/1"]),
    st.sampled_from(["10*99/L", "/", "10*9", "{x}", "mm3", "1.2.3", "L-1"]),
)
JSON = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=4), part), max_leaves=5
)
PLACES = places(VALID)


def damaged(tree: Any, path: tuple[Any, ...], way: str, value: Any) -> None:
    """Change one place of a tree, if it is still there."""
    for key in path[:-1]:
        if not isinstance(tree, (dict, list)) or (isinstance(tree, dict) and key not in tree):
            return
        if isinstance(tree, list) and (not isinstance(key, int) or key >= len(tree)):
            return
        tree = tree[key]
    last = path[-1]
    if isinstance(tree, list):
        if not isinstance(last, int) or last >= len(tree):
            return
        if way == "drop":
            del tree[last]
        elif way == "twice":
            tree.append(copy.deepcopy(tree[last]))
        else:
            tree[last] = value
    elif isinstance(tree, dict) and last in tree:
        if way == "drop":
            del tree[last]
        elif way == "twice":
            tree[f"{last}2"] = copy.deepcopy(tree[last])
        else:
            tree[last] = value


DAMAGE = st.tuples(st.sampled_from(PLACES), st.sampled_from(["drop", "twice", "change"]), JSON)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.lists(DAMAGE, min_size=1, max_size=4))
def test_a_damaged_bundle_is_read_or_refused_and_no_entry_is_lost(
    changes: list[tuple[tuple[Any, ...], str, Any]],
) -> None:
    tree = copy.deepcopy(VALID)
    for path, way, value in changes:
        damaged(tree, path, way, value)
    try:
        chart, findings = read_bundle(tree)
    except ChartError as refused:
        assert "\n" not in str(refused)
        return
    entries = tree["entry"]
    said = {found.entry for found in findings}
    silent = [entry["resource"] for at, entry in enumerate(entries) if at not in said]
    rows = sum(len(column.day) for column in (*chart.measurements.values(), *chart.events.values()))
    # every entry of which nothing is said is in the chart: one reading or event at least, a patient none
    assert rows >= sum(resource["resourceType"] not in ("Patient", "Medication") for resource in silent)
    assert len(chart) >= 1


def test_the_bundle_that_is_damaged_is_whole() -> None:
    chart, findings = read_bundle(json.loads(json.dumps(VALID)))
    assert sorted(chart.measurements) == ["leukocytes", "neutrophils", "systolic_pressure"]
    assert sorted(chart.events) == ["acute_gvhd", "death", "gcsf", "infusion", "platelet_transfusion"]
    assert findings.counts() == {"derived": 1, "absent": 1, "not_kept": 1}


@settings(derandomize=True, max_examples=100, deadline=None)
@given(JSON)
def test_anything_that_is_no_bundle_is_refused_in_one_sentence(value: Any) -> None:
    for tree in ({"resourceType": "Bundle", "entry": value}, {"resourceType": value}):
        try:
            read_bundle(tree)
        except ChartError as refused:
            assert "\n" not in str(refused)
        else:
            raise AssertionError("nothing to read, and read")
