"""Run: assemble the body, prepare patients, pass the days, observe."""
