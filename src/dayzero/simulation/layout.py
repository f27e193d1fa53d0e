"""Where each number of a patient stands in the arrays that an engine is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dayzero.simulation.assemble import Body
from dayzero.simulation.prepare import Prepared

Precision = Literal["float32", "float64"]
# Steps of a day by name, and the largest error over every quantity, day and patient of the library without decisions,
# as a share of that quantity's highest value in the patient; in the median patient (`docs/explanation/engine.md`).
STEPS = {
    "fast": 4,  # 2e-3, median patient 2e-4
    "usual": 8,  # 1e-4, median patient 1e-5
    "accurate": 16,  # 5e-6, median patient 7e-7
}
STEPS_PER_DAY = STEPS["usual"]
CHUNK = 16  # days are laid out in whole chunks
BLOCK_SIZES = (16, 128, 1024)  # of patients in the JAX engine


@dataclass(frozen=True)
class Layout:
    """Places of parameters and constants (organ, name, origin), of settings and of daily signals (name, origin)."""

    numbers: tuple[tuple[str, str, int | None], ...]
    settings: tuple[str, ...]
    daily: tuple[tuple[str, int | None], ...]

    @classmethod
    def of(cls, body: Body, prepared: Prepared) -> Layout:
        """The layout of a body; `prepared` only shows which entries are per origin."""
        numbers = [
            (organ.name, name, o)
            for organ in body.living
            for name in organ.view._fields
            for o in _origins(prepared.numbers[organ.name][name])
        ]
        daily = [(name, o) for name in body.daily for o in _origins(prepared.daily[name])]
        return cls(tuple(numbers), tuple(prepared.settings), tuple(daily))

    @property
    def origins(self) -> int:
        """Host and donors."""
        return 1 + max(o for _, _, o in self.numbers if o is not None)

    def numbers_of(self, prepared: Prepared) -> list[Any]:
        """Parameters and constants in order, (patients,) each."""
        return [_pick(prepared.numbers[organ][name], o) for organ, name, o in self.numbers]

    def settings_of(self, prepared: Prepared) -> list[Any]:
        """Settings in order, (patients,) each."""
        return [prepared.settings[name] for name in self.settings]

    def daily_of(self, prepared: Prepared) -> list[Any]:
        """Daily signals in order, (days, patients) each."""
        return [_pick(prepared.daily[name], o) for name, o in self.daily]

    def people(self, body: Body, values: Sequence[Any]) -> dict[str, Any]:
        """What each organ sees of a patient, from values in order."""
        named = unpack([(f"{organ}.{name}", o) for organ, name, o in self.numbers], values)
        return {o.name: o.view(**{f: named[f"{o.name}.{f}"] for f in o.view._fields}) for o in body.living}

    def chosen(self, values: Sequence[Any]) -> Settings:
        """The settings, from values in order."""
        return Settings(dict(zip(self.settings, values, strict=True)))

    def today(self, values: Sequence[Any]) -> dict[str, Any]:
        """The daily signals of a day, from values in order."""
        return unpack(self.daily, values)


class Settings:
    """Settings of the policies by name, as attributes."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def unpack(entries: Sequence[tuple[str, int | None]], values: Sequence[Any]) -> dict[str, Any]:
    """Named scalars from values in order, per-origin entries gathered into tuples."""
    named: dict[str, Any] = {}
    for (name, origin), value in zip(entries, values, strict=True):
        named[name] = value if origin is None else (*named.get(name, ()), value)
    return named


def _origins(value: Any) -> Sequence[int | None]:
    return range(len(value)) if isinstance(value, tuple) else (None,)


def _pick(value: Any, origin: int | None) -> Any:
    return value if origin is None else value[origin]
