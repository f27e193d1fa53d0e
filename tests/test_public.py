"""The public face: every name promised is there, and there are no others."""

import dayzero as dz


def test_the_public_names_are_listed_sorted_and_all_resolve():
    assert list(dz.__all__) == sorted(dz.__all__)
    assert all(getattr(dz, name) is not None for name in dz.__all__)
    assert set(dz.__all__) <= set(dir(dz))


def test_an_unknown_name_says_what_there_is():
    try:
        dz.simulat  # noqa: B018
    except AttributeError as problem:
        assert "simulate" in str(problem)
    else:
        raise AssertionError("an unknown name resolved")
