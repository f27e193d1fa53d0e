"""Tests of the ward policies."""
