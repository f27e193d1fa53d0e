"""Tests of the run: streams, assembly, engine, ward, course."""
