"""Antibodies of the recipient against the donor's HLA (donor-specific antibodies, DSA).

Mean fluorescence intensity (MFI) at which an antibody counts is a setting of the laboratory; 1000 and 5000 are usual
(recalled; Ciurea 2020, doi:10.1038/s41409-019-0499-z). No level forbids a donor everywhere (Hematology 2017;2017:645);
over 20 000 at first, or with lasting C1q, desensitisation tends to fail (Blood Adv 2021;5(20):4031).
"""

from __future__ import annotations

from typing import Final

from dayzero.criteria.entry import within
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError

_DSA = Definition("dsa_level", "by MFI", "doi:10.1038/s41409-019-0499-z; thresholds recalled", verified=False)

POSITIVE_AT: Final = 1000.0
STRONG_AT: Final = 5000.0
_HARD_TO_REMOVE: Final = 20_000


def dsa_level(*, mfi: float | None = None, positive_at: float = POSITIVE_AT, strong_at: float = STRONG_AT) -> Finding:
    """negative, positive or strong_positive by the highest MFI; None where it was not tested.

    >>> dsa_level(mfi=1500, positive_at=1000, strong_at=5000)["level"]
    'positive'
    """
    intensity = within("dsa_level", mfi, 0, 1e6, mfi="MFI")
    for name, limit in (("positive_at", positive_at), ("strong_at", strong_at)):
        within("dsa_level", limit, 1, 1e6, **{name: "MFI"})
    if strong_at < positive_at:
        expected = f"{positive_at:g} or more, the level that is positive"
        raise InputError("dsa_level", "strong_at", f"{strong_at:g}", expected, "raise it, or lower positive_at")
    inputs = {"mfi": mfi, "positive_at": positive_at, "strong_at": strong_at}
    if intensity is None:
        return _DSA.find({"level": None}, inputs, note="not tested")
    level = "strong_positive" if intensity >= strong_at else "positive" if intensity >= positive_at else "negative"
    hard = "over 20 000: desensitisation tends to fail (Blood Adv 2021;5(20):4031)"
    return _DSA.find({"level": level}, inputs, note=hard if intensity > _HARD_TO_REMOVE else "")
