"""Figures of healthy people and of cell turnover: what the model's own parameters say. All of them are inputs.

Platelets live 1 / (ageing + fixed use / count); neutrophils halve in ln 2 / loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import exp, log
from typing import Any

from dayzero.analyse.evidence.measures import Measure
from dayzero.analyse.evidence.rows import Finding


@cache
def _typical() -> Mapping[str, float]:
    from dayzero.simulation.assemble import standard_body

    return {name: parameter.typical for name, parameter in standard_body().parameters().items()}


def _of(figure: Callable[[Mapping[str, float]], float], scale: str = "level") -> Callable[[Finding], Measure]:
    made = Measure(lambda *facts: float(figure(_typical())), (), 0, "parameters of the model", scale, "none")
    return lambda finding: made


def _one(name: str, scale: float = 1.0) -> Callable[[Finding], Measure]:
    return _of(lambda p: scale * p[name])


def _platelet_life(p: Mapping[str, float]) -> float:
    return 1 / (
        p["thrombopoiesis.platelet_ageing"]
        + p["thrombopoiesis.fixed_requirement"] / p["thrombopoiesis.platelet_set_point"]
    )


Build = Callable[[Finding], Measure]
HEALTHY: Mapping[str, Build] = {
    "healthy_plt_median_e9_per_l": _one("thrombopoiesis.platelet_set_point"),
    "healthy_hb_median_g_per_dl": _one("erythropoiesis.hemoglobin_man"),
    "healthy_cd8_median_per_ul": _one("lymphocytes.cd8_set_point"),
    "healthy_nk_median_per_ul": _one("lymphocytes.nk_set_point"),
    "healthy_cd19_median_per_ul": _one("lymphocytes.b_set_point"),
    "healthy_cd4_median_per_ul": _of(lambda p: p["lymphocytes.memory_set_point"] + _naive(p)),
    "healthy_cd3_median_per_ul": _of(
        lambda p: p["lymphocytes.memory_set_point"] + p["lymphocytes.cd8_set_point"] + _naive(p)
    ),
    "healthy_anc_ref95_mid_e9_per_l": _one("granulopoiesis.neutrophil_set_point"),
    "healthy_monocyte_ref95_mid_e9_per_l": _one("granulopoiesis.monocyte_set_point"),
    "healthy_wbc_median_e9_per_l": _of(
        lambda p: p["granulopoiesis.neutrophil_set_point"] + p["granulopoiesis.monocyte_set_point"] + _lymphocytes(p)
    ),
    "healthy_lymphocyte_ref95_mid_e9_per_l": _of(lambda p: _lymphocytes(p)),
    "healthy_anc_below_1500_pct": _of(lambda p: _share_below(1.5, p["granulopoiesis.neutrophil_set_point"]), "pct"),
}

TURNOVER: Mapping[str, Build] = {
    "neutrophil_blood_halflife_days": _of(lambda p: log(2) / p["granulopoiesis.neutrophil_loss"], "days"),
    "neutrophil_blood_lifespan_days": _of(lambda p: 1 / p["granulopoiesis.neutrophil_loss"], "days"),
    "neutrophil_postmitotic_marrow_transit_days": _of(
        lambda p: p["granulopoiesis.maturing_time"] + 1 / p["granulopoiesis.reserve_release"], "days"
    ),
    "rbc_lifespan_mean_days": _of(lambda p: 1 / p["erythropoiesis.red_cell_loss"], "days"),
    "plt_lifespan_mean_days": _of(_platelet_life, "days"),
    "plt_production_e9_per_l_per_day": _of(lambda p: p["thrombopoiesis.platelet_set_point"] / _platelet_life(p)),
    "hsc_active_number": _of(lambda p: 70 * p["stem_cells.stem_set_point"]),
}


def _naive(p: Mapping[str, float]) -> float:
    """Naive CD4 per uL of an adult of 40 years."""
    return p["lymphocytes.naive_adult"] * exp(-20 * p["lymphocytes.naive_decline"])


def _lymphocytes(p: Mapping[str, float]) -> float:
    names = ("memory_set_point", "cd8_set_point", "nk_set_point", "b_set_point")
    return (sum(p[f"lymphocytes.{name}"] for name in names) + _naive(p)) / 1000


def _share_below(level: float, typical: float) -> float:
    from statistics import NormalDist

    return 100 * NormalDist(log(typical), 0.35).cdf(log(level))


__all__: list[Any] = ["HEALTHY", "TURNOVER"]
