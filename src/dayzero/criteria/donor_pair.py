"""Blood group, cytomegalovirus and sex of a donor and a recipient.

ABO: major, the donor has an antigen that the recipient lacks; minor, the reverse (use in PMC5451338). Sex: a woman's
graft for a man (Dehn 2019, doi:10.1182/blood.2019001212). Cytomegalovirus: match the recipient (recalled).
"""

from __future__ import annotations

from dayzero.criteria.entry import seropositive
from dayzero.criteria.logic import all_of
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_ABO = Definition("abo_mismatch", "definition", "definition of major and minor; PMC5451338", verified=True)
_SEX = Definition("sex_mismatch", "NMDP 2019", "Dehn 2019, doi:10.1182/blood.2019001212", verified=True)
_CMV = Definition("cmv_serostatus", "NMDP 2019", "Dehn 2019, doi:10.1182/blood.2019001212; recalled", verified=False)

_GROUPS = ("O", "A", "B", "AB")
_CMV_RISK = {  # whether recipient and donor are seropositive -> risk, preferred
    (False, False): ("low", True),
    (False, True): ("primary_infection", False),
    (True, True): ("reactivation", True),
    (True, False): ("reactivation_naive_donor", False),
}


def abo_mismatch(*, recipient: str | None = None, donor: str | None = None) -> Finding:
    """Mismatch of blood groups: match, minor, major or bidirectional.

    >>> abo_mismatch(recipient="A", donor="B")["category"]
    'bidirectional'
    """
    for name, group in (("recipient", recipient), ("donor", donor)):
        if group is not None and group not in _GROUPS:
            raise InputError("abo_mismatch", name, repr(group), ", ".join(_GROUPS), nearest(group, _GROUPS))
    inputs = {"recipient": recipient, "donor": donor}
    if recipient is None or donor is None:
        return _ABO.find({"category": None}, inputs)
    has, gets = (set(group) - {"O"} for group in (recipient, donor))
    category = {(False, False): "match", (True, False): "major", (False, True): "minor"}.get(
        (bool(gets - has), bool(has - gets)), "bidirectional"
    )
    return _ABO.find({"category": category}, inputs)


def sex_mismatch(*, donor: str | None = None, recipient: str | None = None) -> Finding:
    """Whether a woman's graft goes to a man; F and M.

    >>> sex_mismatch(donor="F", recipient="M")["female_to_male"]
    True
    """
    for name, sex in (("donor", donor), ("recipient", recipient)):
        if sex not in ("F", "M", None):
            raise InputError("sex_mismatch", name, repr(sex), "F or M", "None where it is not known")
    inputs = {"donor": donor, "recipient": recipient}
    from_woman = None if donor is None else donor == "F"
    to_man = None if recipient is None else recipient == "M"
    return _SEX.find({"female_to_male": all_of(from_woman, to_man)}, inputs)


def cmv_serostatus(*, recipient: str | None = None, donor: str | None = None) -> Finding:
    """What the serology of cytomegalovirus, + or -, means for the recipient, and whether it is the preferred donor.

    >>> cmv_serostatus(recipient="+", donor="-")["risk"]
    'reactivation_naive_donor'
    """
    ours = seropositive("cmv_serostatus", "recipient", recipient)
    theirs = seropositive("cmv_serostatus", "donor", donor)
    inputs = {"recipient": recipient, "donor": donor}
    if ours is None or theirs is None:
        return _CMV.find({"risk": None, "preferred": None}, inputs)
    risk, preferred = _CMV_RISK[ours, theirs]
    return _CMV.find({"risk": risk, "preferred": preferred}, inputs)
