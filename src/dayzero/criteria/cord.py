"""Cell doses of cord blood units, per kg of the recipient.

Doses that suffice: NMDP summary of Dehn 2019, doi:10.1182/blood.2019001212. For total nucleated cells 2.5e7/kg is also
quoted for the same guideline, so the limit is a setting. Which units a search lists: PMC7567024, Table 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dayzero.criteria.entry import answer, within
from dayzero.criteria.logic import above, all_of, opposite, reaches
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError

_DOSE = Definition("cord_dose", "NMDP 2019", "Dehn 2019, doi:10.1182/blood.2019001212, NMDP summary", verified=True)
_FILTER = Definition("cord_search_filter", "NMDP search", "PMC7567024, Table 1", verified=True)

TNC_PER_KG: Final = 3.0e7
TNC_PER_KG_AS_QUOTED: Final = 2.5e7
_CD34_SINGLE, _CD34_DOUBLE = 1.5e5, 1.0e5
_SEARCH_MATCH, _SEARCH_TNC, _SEARCH_CD34 = 4, 1.5e7, 1.0e5
_MOST: Final = 1e10  # no unit holds more for each kg


def cord_dose(
    *,
    units: int,
    tnc_per_kg: float | None = None,
    cd34_per_kg: float | None = None,
    cd34_per_kg_each: Sequence[float | None] | None = None,
    tnc_limit: float = TNC_PER_KG,
) -> Finding:
    """Whether the cells of one unit, or of two together, suffice; doses before freezing, per kg of the recipient.

    One unit: ``tnc_per_kg`` reaches ``tnc_limit`` and ``cd34_per_kg`` 1.5e5. Two: CD34 of each reaches 1.0e5.

    >>> cord_dose(units=1, tnc_per_kg=2.8e7, cd34_per_kg=2e5)["adequate"]
    False
    >>> cord_dose(units=1, tnc_per_kg=2.8e7, cd34_per_kg=2e5, tnc_limit=2.5e7)["adequate"]
    True
    """
    if isinstance(units, bool) or units not in (1, 2):
        raise InputError("cord_dose", "units", repr(units), "1 or 2", "give the number of units")
    within("cord_dose", tnc_limit, 1e6, _MOST, tnc_limit="cells per kg")
    inputs = {"units": units, "tnc_per_kg": tnc_per_kg, "cd34_per_kg": cd34_per_kg}
    if units == 2:
        each = [None, None] if cd34_per_kg_each is None else list(cd34_per_kg_each)
        if len(each) != 2:
            advice = "give one number for each unit, None where it is not known"
            raise InputError("cord_dose", "cd34_per_kg_each", f"{len(each)} numbers", "two numbers", advice)
        doses = [within("cord_dose", one, 0, _MOST, cd34_per_kg_each="cells per kg") for one in each]
        enough = all_of(*(reaches(dose, _CD34_DOUBLE) for dose in doses))
        return _DOSE.find({"adequate": enough}, {**inputs, "cd34_per_kg_each": each})
    tnc = within("cord_dose", tnc_per_kg, 0, _MOST, tnc_per_kg="cells per kg")
    cd34 = within("cord_dose", cd34_per_kg, 0, _MOST, cd34_per_kg="cells per kg")
    enough = all_of(reaches(tnc, tnc_limit), reaches(cd34, _CD34_SINGLE))
    contested = tnc is not None and TNC_PER_KG_AS_QUOTED <= tnc < TNC_PER_KG
    note = "2.5e7 and 3.0e7 nucleated cells per kg are both quoted as the limit" if contested else ""
    values = {"adequate": enough}
    return _DOSE.find(values, {**inputs, "tnc_limit": tnc_limit}, note=note, verified=tnc_limit == TNC_PER_KG)


def cord_search_filter(
    *,
    hla_8_allele: int | None = None,
    tnc_per_kg: float | None = None,
    cd34_per_kg: float | None = None,
    rbc_replete: bool | None = None,
) -> Finding:
    """Whether a search lists a unit: 4 of 8 alleles or more, TNC over 1.5e7/kg, CD34 of 1.0e5/kg or more.

    ``recommended`` is false for a listed unit that still holds its red cells.

    >>> cord_search_filter(hla_8_allele=5, tnc_per_kg=1.5e7, cd34_per_kg=2e5)["listed"]
    False
    """
    rule = "cord_search_filter"
    match = within(rule, hla_8_allele, 0, 8, hla_8_allele="matched alleles out of 8")
    tnc = within(rule, tnc_per_kg, 0, _MOST, tnc_per_kg="cells per kg")
    cd34 = within(rule, cd34_per_kg, 0, _MOST, cd34_per_kg="cells per kg")
    replete = answer(rule, "rbc_replete", rbc_replete)
    listed = all_of(reaches(match, _SEARCH_MATCH), above(tnc, _SEARCH_TNC), reaches(cd34, _SEARCH_CD34))
    inputs = {
        "hla_8_allele": hla_8_allele, "tnc_per_kg": tnc_per_kg, "cd34_per_kg": cd34_per_kg, "rbc_replete": rbc_replete,
    }  # fmt: skip
    note = "units that still hold their red cells are not recommended" if replete else ""
    return _FILTER.find({"listed": listed, "recommended": all_of(listed, opposite(replete))}, inputs, note=note)
