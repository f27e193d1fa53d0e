"""The EBMT (Gratwohl) score of risk before an allogeneic transplant, 0 to 7.

Gratwohl 2012, doi:10.1038/bmt.2011.110; Gratwohl 2009, doi:10.1002/cncr.24531. The abstract was read; the points were
read in two public transcriptions that agree in every cell. The donor item has two classes only: an HLA-identical
sibling or an unrelated donor; the modified score sets matched related donors against all others.

======================================= ===== ============ ====
points                                  0     1            2
======================================= ===== ============ ====
age, years                              < 20  20-40        > 40
stage of the disease                    early intermediate late
months from diagnosis, not in first CR  <= 12 > 12
donor                                   sib   unrelated
sexes                                   other woman to man
======================================= ===== ============ ====
"""

from __future__ import annotations

from dayzero.criteria.disease_risk_table import DISEASES
from dayzero.criteria.entry import answer, chosen, within
from dayzero.criteria.logic import above, all_of, opposite
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_EBMT = Definition(
    "ebmt_score",
    "Gratwohl 2012",
    "Gratwohl 2012, doi:10.1038/bmt.2011.110; points as transcribed in NBK553925, Table 11.2",
    verified=True,
)

DONOR_RULES = ("published", "mrd_vs_other")
_STAGES = {"early": 0, "intermediate": 1, "late": 2, "aplastic_anemia": 0}
_STAGE_WORDS = {word: word for word in _STAGES} | {"advanced": "late", "saa": "aplastic_anemia"}
_DONORS = {
    "hla_identical_sibling": "hla_identical_sibling", "matched_sibling": "hla_identical_sibling",
    "sibling": "hla_identical_sibling", "msd": "hla_identical_sibling", "unrelated": "unrelated",
    "matched_unrelated": "unrelated", "mismatched_unrelated": "unrelated", "mud": "unrelated", "mmud": "unrelated",
    "haploidentical": "haploidentical", "haplo": "haploidentical", "mismatched_related": "mismatched_related",
    "matched_related": "matched_related", "mrd": "matched_related", "syngeneic": "matched_related",
    "twin": "matched_related", "cord": "cord", "cord_blood": "cord", "cord_unrelated": "cord",
    "autologous": "autologous", "auto": "autologous",
}  # fmt: skip
_PUBLISHED = {"hla_identical_sibling": 0, "unrelated": 1, "autologous": 0}
_MATCHED_RELATED = ("hla_identical_sibling", "matched_related", "autologous")
_BANDS = {"low": 2, "intermediate": 4, "poor": 7}  # up to


def ebmt_score(
    *,
    age: float | None = None,
    stage: str | None = None,
    months_from_diagnosis: float | None = None,
    first_cr: bool | None = None,
    donor: str | None = None,
    female_donor_male_recipient: bool | None = None,
    donor_rule: str = "published",
    disease: str | None = None,
) -> Finding:
    """EBMT score: age, stage, time from diagnosis, donor and sexes; bands low 0-2, intermediate 3-4, poor 5-7.

    ``stage``: early, intermediate or late (see `ebmt_stage`); aplastic anemia, as ``stage`` or ``disease``, scores 0.
    ``donor``: hla_identical_sibling, unrelated, haploidentical, mismatched_related, matched_related, cord, autologous.
    In first complete remission the time does not count; autologous, donor and sexes do not. A donor that the published
    item does not know has no score, unless ``donor_rule`` is mrd_vs_other: matched related 0, all others 1. With
    missing items, ``at_least`` and ``at_most`` bound the score, and the band is given where they share it.

    >>> case = dict(age=50, stage="early", first_cr=True, donor="unrelated", female_donor_male_recipient=True)
    >>> ebmt_score(**case).values
    {'score': 4, 'band': 'intermediate', 'at_least': 4, 'at_most': 4}
    """
    inputs = dict(locals())
    if donor_rule not in DONOR_RULES:
        advice = nearest(str(donor_rule), DONOR_RULES)
        raise InputError("ebmt_score", "donor_rule", repr(donor_rule), " or ".join(DONOR_RULES), advice)
    kind = None if donor is None else chosen("ebmt_score", "donor", donor, _DONORS)
    from_donor = _donor_points(kind, donor_rule)
    to_man = answer("ebmt_score", "female_donor_male_recipient", female_donor_male_recipient)
    items = [
        _age_points(within("ebmt_score", age, 0, 130, age="years")),
        _stage_points(stage, disease),
        _interval_points(months_from_diagnosis, first_cr),
        from_donor,
        _yes_points(False if kind == "autologous" else to_man),
    ]
    if not from_donor:
        values: dict[str, object] = {"score": None, "band": None, "at_least": None, "at_most": None}
        note = "the published score has no value for this donor; donor_rule mrd_vs_other has"
        return _EBMT.find(values, inputs, complete=True, note=note)
    low, high = sum(min(one) for one in items), sum(max(one) for one in items)
    values = {
        "score": low if low == high else None,
        "band": _band(low) if _band(low) == _band(high) else None,
        "at_least": low,
        "at_most": high,
    }
    version = None if donor_rule == "published" else "modified: matched related against all others"
    note = "the published score may have no value for a donor that is not known" if kind is None else ""
    return _EBMT.find(values, inputs, version=version, note=note)


def _age_points(years: float | None) -> tuple[int, ...]:
    if years is None:
        return 0, 1, 2
    return ((0,) if years < 20 else (1,)) if years <= 40 else (2,)


def _stage_points(stage: str | None, disease: str | None) -> tuple[int, ...]:
    if disease is not None and chosen("ebmt_score", "disease", disease, DISEASES) == "aplastic_anemia":
        return (0,)
    if stage is None:
        return 0, 1, 2
    return (_STAGES[chosen("ebmt_score", "stage", stage, _STAGE_WORDS)],)


def _interval_points(months: float | None, first_cr: bool | None) -> tuple[int, ...]:
    """12 months score 0; in first complete remission nothing does, and the time may be missing."""
    waited = above(within("ebmt_score", months, 0, 1200, months_from_diagnosis="months"), 12)
    return _yes_points(all_of(waited, opposite(answer("ebmt_score", "first_cr", first_cr))))


def _donor_points(kind: str | None, donor_rule: str) -> tuple[int, ...]:
    """Nothing where the score has no value for the donor."""
    if kind is None:
        return 0, 1
    if donor_rule == "mrd_vs_other":
        return (0,) if kind in _MATCHED_RELATED else (1,)
    return (_PUBLISHED[kind],) if kind in _PUBLISHED else ()


def _yes_points(item: bool | None) -> tuple[int, ...]:
    return (0, 1) if item is None else (int(item),)


def _band(score: int) -> str:
    return next(band for band, most in _BANDS.items() if score <= most)
