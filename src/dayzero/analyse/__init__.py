"""Analyse: what a cohort adds up to."""
