"""Every error and warning dayzero raises on purpose.

::

    DayzeroError
     ├── InputError           what a person wrote cannot be used (exit code 2)
     │    ├── SpecError       a plan, a study, an option
     │    └── ChartError      a chart, a record, a file of measurements
     ├── AssemblyError        organ systems that do not fit together
     └── EngineError          the engine cannot do what was asked

    DomainWarning             the request leaves what the evidence covers
    RecordWarning             a record was read, but not all that stands in it
    EngineWarning             another engine than the usual one runs
"""

from __future__ import annotations


class DayzeroError(Exception):
    """Root of everything dayzero raises on purpose."""


class InputError(DayzeroError):
    """What a person wrote cannot be used, said in one sentence.

    Parameters
    ----------
    where : file name, or what the object is called ("plan", "chart").
    field : the field in it, dotted (``graft.cd34_per_kg``), or a row ("row 12, value").
    got : what stood there.
    expected : what may stand there.
    advice : what to do now.
    """

    def __init__(self, where: str, field: str, got: str, expected: str, advice: str) -> None:
        super().__init__(where, field, got, expected, advice)
        self.where, self.field, self.got, self.expected, self.advice = where, field, got, expected, advice

    def __str__(self) -> str:
        return f"{self.where}: {self.field}: got {self.got}, expected {self.expected}; {self.advice}"


class SpecError(InputError):
    """A plan, study or option that cannot be used."""


class ChartError(InputError):
    """A chart or record that cannot be used."""


class AssemblyError(DayzeroError):
    """Organ systems that do not fit together: a signal missing, given twice, or in another unit."""


class EngineError(DayzeroError):
    """The engine cannot do what was asked of it."""


class DomainWarning(UserWarning):
    """The request leaves what the evidence covers: read the result with that in mind."""


class EngineWarning(UserWarning):
    """Another engine than the usual one runs: results agree, the time it takes does not."""


class RecordWarning(UserWarning):
    """A record was read, but not all that stands in it: see the findings."""
