"""The ward: policies that see only what the laboratory reports, and act."""
