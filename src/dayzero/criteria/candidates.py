"""A patient's candidates judged and ranked: each donor by every rule that the data allow, then the order in each kind.

Donors of one kind are ordered by `donor_rank`; which kind comes first is not a matter of these rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from dayzero.criteria.antibodies import dsa_level
from dayzero.criteria.b_leader import hla_b_leader_pair
from dayzero.criteria.cord import cord_dose
from dayzero.criteria.donor_choice import donor_rank
from dayzero.criteria.donor_pair import abo_mismatch, cmv_serostatus, sex_mismatch
from dayzero.criteria.dpb1 import SCHEMES, dpb1_tce_match
from dayzero.criteria.graft_dose import tnc_dose
from dayzero.criteria.haplo import haplo_check
from dayzero.criteria.hla import TWO_FIELD, Reducer
from dayzero.criteria.hla_match import SETS, hla_match, hla_match_cord
from dayzero.criteria.logic import agreed
from dayzero.criteria.result import Finding
from dayzero.errors import InputError, SpecError
from dayzero.spec.donor_case import Candidate, CasePatient, DonorCase

Answer = TypeVar("Answer")

_SETTINGS: Final = {
    "matched_sibling": "sibling",
    "matched_unrelated": "unrelated",
    "mismatched_unrelated": "unrelated",
    "haploidentical": "haploidentical",
    "cord_unrelated": "cord",
}
KINDS: Final = tuple(dict.fromkeys(_SETTINGS.values()))
"""Groups of donors, in the order they are shown."""


@dataclass(frozen=True)
class Assessed:
    """One donor by every rule that the data allow.

    Parameters
    ----------
    donor : as written.
    findings : name of the rule (``hla_match`` with the set of loci: ``8/8``) -> its answer.
    remarks : what a reader should know.
    """

    donor: Candidate
    findings: Mapping[str, Finding]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """The candidates of a case, by kind.

    Parameters
    ----------
    case : as written.
    assessed : name of the donor -> what the rules say.
    orders : kind -> answer of `donor_rank`; kinds without a candidate are left out.
    """

    case: DonorCase
    assessed: Mapping[str, Assessed]
    orders: Mapping[str, Finding]

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "case": self.case.name,
            "orders": {kind: order.as_dict() for kind, order in self.orders.items()},
            "donors": {
                name: {
                    "kind": one.donor.kind,
                    "findings": {rule: found.as_dict() for rule, found in one.findings.items()},
                    "remarks": list(one.remarks),
                }
                for name, one in self.assessed.items()
            },
        }


def rank_donors(case: DonorCase, reducer: Reducer = TWO_FIELD) -> Ranking:
    """Judge and order the candidates of a case.

    >>> ranking = rank_donors(DonorCase.load("unrelated-search"))
    >>> ranking.orders["unrelated"]["order"]
    ['d2', 'd1', 'd3', 'd5']
    """
    _in_field("patient.hla", lambda: hla_match(patient=typing_of(case.patient), donor={}, loci=SETS["12/12"]))
    assessed = {
        donor.name: _in_field(f"donors[{number}].hla", _question(case, donor, reducer))
        for number, donor in enumerate(case.donors)
    }
    orders: dict[str, Finding] = {}
    for kind in KINDS:
        group = [one for one in assessed.values() if _SETTINGS[one.donor.kind] == kind]
        if group:
            candidates = [_candidate(case, one) for one in group]
            orders[kind] = donor_rank(setting=_setting(case, kind), candidates=candidates, patient=_of(case.patient))
    return Ranking(case, assessed, orders)


def _question(case: DonorCase, donor: Candidate, reducer: Reducer) -> Callable[[], Assessed]:
    return lambda: _assess(case, donor, reducer)


def _in_field(field: str, question: Callable[[], Answer]) -> Answer:
    """The answer; a typing that cannot be read is refused under the field it stands in."""
    try:
        return question()
    except InputError as problem:
        where = field if problem.where != "HLA typing" else f"{field}.{problem.field}"
        raise SpecError("donor case", where, problem.got, problem.expected, problem.advice) from None


def _setting(case: DonorCase, kind: str) -> str:
    if kind != "unrelated":
        return kind
    ptcy = case.prophylaxis == "post_cyclophosphamide"
    return "unrelated, cyclophosphamide after infusion" if ptcy else "unrelated, conventional prophylaxis"


def _assess(case: DonorCase, donor: Candidate, reducer: Reducer) -> Assessed:
    patient, hla, own = case.patient, typing_of(case.patient), typing_of(donor)
    found: dict[str, Finding] = {"8/8": hla_match(patient=hla, donor=own, loci="8/8", reducer=reducer)}
    for name, locus in (("10/10", "DQB1"), ("12/12", "DPB1")):
        if locus in hla and locus in own:
            found[name] = hla_match(patient=hla, donor=own, loci=name, reducer=reducer)
    ours, theirs = _of(patient), _of(donor)
    found["dsa_level"] = dsa_level(mfi=donor.dsa_mfi, positive_at=case.dsa_positive_mfi, strong_at=case.dsa_strong_mfi)
    found["abo_mismatch"] = abo_mismatch(recipient=ours["abo"], donor=theirs["abo"])
    found["cmv_serostatus"] = cmv_serostatus(recipient=ours["cmv"], donor=theirs["cmv"])
    found["sex_mismatch"] = sex_mismatch(donor=theirs["sex"], recipient=ours["sex"])
    found |= _dpb1(case, donor, reducer)
    if "B" in hla and "B" in own:
        found["hla_b_leader_pair"] = hla_b_leader_pair(patient=hla["B"], donor=own["B"], reducer=reducer)
    if donor.kind == "haploidentical":
        haplotype = {str(locus): name for locus, name in donor.haplotype.items()}
        found["haplo_check"] = haplo_check(patient=hla, donor=own, haplotype=haplotype or None, reducer=reducer)
    if donor.kind == "cord_unrelated":
        found |= _cord(case, donor, reducer)
    return Assessed(donor, found, tuple(_remarks(donor, found)))


def _dpb1(case: DonorCase, donor: Candidate, reducer: Reducer) -> dict[str, Finding]:
    """DPB1 by every version of the groups that is asked for."""
    ours, theirs = typing_of(case.patient).get("DPB1"), typing_of(donor).get("DPB1")
    if ours is None or theirs is None:
        return {}
    schemes = SCHEMES if case.tce_version is None else (f"TCE3_v{case.tce_version}",)
    return {
        f"dpb1_tce_match {scheme}": dpb1_tce_match(patient=ours, donor=theirs, scheme=scheme, reducer=reducer)
        for scheme in schemes
    }


def _cord(case: DonorCase, donor: Candidate, reducer: Reducer) -> dict[str, Finding]:
    tnc, cd34 = _per_kg(case, donor)
    return {
        "hla_match_cord": hla_match_cord(patient=typing_of(case.patient), cord=typing_of(donor), reducer=reducer),
        "tnc_dose": tnc_dose(tnc_total=donor.tnc, weight_kg=case.patient.weight_kg),
        "cord_dose": cord_dose(units=1, tnc_per_kg=tnc, cd34_per_kg=cd34, tnc_limit=case.cord_tnc_per_kg),
    }


def _per_kg(case: DonorCase, donor: Candidate) -> tuple[float | None, float | None]:
    """Nucleated and CD34 cells of a cord unit per kg of the patient."""
    weight = case.patient.weight_kg
    doses = [None if cells is None or weight is None else cells / weight for cells in (donor.tnc, donor.cd34)]
    return doses[0], doses[1]


def typing_of(person: CasePatient | Candidate) -> dict[str, Sequence[str | None]]:
    """The typing of a person: locus -> its alleles as written."""
    return {str(locus): positions for locus, positions in person.hla.items()}


def _of(person: CasePatient | Candidate) -> dict[str, Any]:
    """Facts of a person in the words of the rules."""
    cmv = person.cmv_seropositive
    return {
        "cmv": None if cmv is None else "+" if cmv else "-",
        "sex": None if person.sex is None else "F" if person.sex == "female" else "M",
        "abo": person.blood_group,
        "weight_kg": person.weight_kg,
    }


def _candidate(case: DonorCase, one: Assessed) -> dict[str, Any]:
    """What `donor_rank` asks of a donor."""
    donor, match = one.donor, one.findings["8/8"]
    level = one.findings["dsa_level"]["level"]
    tnc, cd34 = _per_kg(case, donor)
    haplo = one.findings.get("haplo_check")
    return {
        "id": donor.name,
        "match_8": match["matched"],
        "match_8_range": match["matched_range"],
        "direction": match["direction"],
        "c_0303_0304": _c_0303_0304(match),
        "dpb1": _dpb1_class(one.findings),
        "age": donor.age_years,
        "dsa": None if level is None else level != "negative",
        "parous": donor.parous,
        "haploidentical": None if haplo is None else haplo["haploidentical"],
        "tnc_per_kg": tnc,
        "cd34_per_kg": cd34,
        "rbc_replete": None if donor.red_cells_removed is None else not donor.red_cells_removed,
        **_of(donor),
    }


def _versions(findings: Mapping[str, Finding]) -> list[Finding]:
    return [found for name, found in findings.items() if name.startswith("dpb1")]


def _dpb1_class(findings: Mapping[str, Finding]) -> str | None:
    """What every version of the groups asked for says of DPB1."""
    versions = _versions(findings)
    result = agreed(found["result"] for found in versions)
    open_but_permissive = result is None and agreed(found["permissive"] for found in versions)
    return "permissive" if open_but_permissive else result


def _c_0303_0304(match: Finding) -> bool | None:
    """Whether the one mismatch is C*03:03 against C*03:04; None where it is open what is mismatched."""
    unmatched = match["loci"]["C"]["unmatched"]
    if unmatched is None:
        return None
    groups = [sorted(group.removesuffix("P") for group in pair) for pair in unmatched]
    return groups == [["C*03:03", "C*03:04"]]


def _remarks(donor: Candidate, findings: Mapping[str, Finding]) -> list[str]:
    """What a reader should know: doubtful typings, what the kind promises and the typing does not keep."""
    match = findings["8/8"]
    said = [flag.removeprefix("donor ") for flag in match["flags"] if flag.startswith("donor")]
    lowest, highest = match["matched_range"]
    if donor.kind in ("matched_sibling", "matched_unrelated") and highest < 8:
        said.append(f"called {donor.kind.replace('_', ' ')}, but at most {highest}/8")
    if donor.kind == "mismatched_unrelated" and lowest == 8:
        said.append("called mismatched unrelated, but 8/8")
    versions = {found["result"] for found in _versions(findings)}
    if len(versions) > 1:
        said.append("DPB1: the two versions of the groups differ; write tce_version")
    if donor.kind == "haploidentical":
        said += _haplo_remarks(findings)
    for rule in ("cord_dose", "dsa_level"):
        if rule in findings and findings[rule].note not in ("", "not tested"):
            said.append(findings[rule].note)
    return said


def _haplo_remarks(findings: Mapping[str, Finding]) -> list[str]:
    """Immunogenetics of a haploidentical donor, told and not scored."""
    said: list[str] = []
    if findings["8/8"]["levels"].get("DRB1") == "antigen":
        said.append("DRB1 antigen mismatch: more acute GVHD reported (Blood Adv 2017;1(11):669)")
    if agreed(found["result"] for found in _versions(findings)) == "nonpermissive_gvh":
        said.append("DPB1 non-permissive, GVH: less relapse reported (Blood Adv 2020;4(15):3474)")
    if findings["haplo_check"].note:
        said.append(findings["haplo_check"].note)
    return said
