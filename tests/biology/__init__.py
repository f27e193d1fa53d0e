"""Tests of the body: parameters, kills, and what a hematologist expects of a course."""
