"""The emitted source does the arithmetic of the traced function."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks.emit import EmitError, build, source, split, trace

from dayzero.elementwise import normal_quantile, poisson_quantile, power
from dayzero.simulation.streams import mix


def emitted(function, n):
    """A traced function of one vector of floats, as Python."""
    found = trace(function, ("x", n, np.float64))
    call = build(source("f", found, ["x"], {"out": len(found.outputs)}))["f"]

    def run(*values):
        out = [0.0] * len(found.outputs)
        call(list(values), out)
        return out

    return run


@pytest.mark.parametrize("x", [0.01, 0.4, 0.999])
def test_the_functions_of_biology_are_emitted_to_the_last_bits(x):
    run = emitted(lambda v: [normal_quantile(v[0]), poisson_quantile(v[0], 20 * v[1]), power(v[0], v[1])], 2)
    expected = [normal_quantile(x), poisson_quantile(x, 20 * 0.7), power(x, 0.7)]
    np.testing.assert_allclose(run(x, 0.7), expected, rtol=1e-13)


@pytest.mark.parametrize("key", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_32_bit_words_wrap_as_they_do_in_the_engine(key):
    found = trace(lambda k: [mix(k)], ("key", None, np.uint32))
    out = [0]
    build(source("f", found, ["key"], {"out": 1}))["f"](key, out)
    with np.errstate(over="ignore"):
        assert out[0] == int(mix(np.uint32(key)))


def test_choices_follow_the_condition():
    run = emitted(lambda v: [jnp.where((v[0] > 1) & (v[0] <= 2), v[0], -v[0]), jnp.clip(v[0], 0.0, 1.5)], 1)
    assert run(0.5) == [-0.5, 0.5]
    assert run(2.0) == [2.0, 1.5]


def test_what_is_fixed_over_a_day_is_worked_out_beforehand():
    found = trace(lambda y, p: [y[0] * jnp.exp(p[0]), y[0] + p[1]], ("y", 1, np.float64), ("p", 3, np.float64))
    fixed, quick, held = split("f", found, "y", ["p"], "dy")
    assert held == 2
    assert "exp" in fixed
    assert "exp" not in quick
    call, q, dy = build(fixed + "\n" + quick), [0.0, 0.0], [0.0, 0.0]
    call["f_fixed"]([1.0, 2.0, 3.0], q)
    call["f"]([2.0], q, dy)
    assert dy == pytest.approx([2 * np.e, 4.0], rel=1e-15)


def test_an_operation_without_a_rule_is_named():
    with pytest.raises(EmitError, match="erf"):
        from jax.scipy.special import erf

        emitted(lambda v: [erf(v[0])], 1)


def test_an_array_is_refused():
    with pytest.raises(EmitError, match="shape"):
        emitted(lambda v: [jnp.sum(jnp.stack(v))], 3)
