"""Forecasts of a patient's own counts from weighed virtual twins, kept in a log and scored."""
