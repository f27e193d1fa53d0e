"""The scoreboard: published figures as strata of ordinary plans, simulated, judged, measured and scored."""
