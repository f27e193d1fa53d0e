"""The body: one organ system a file. None imports another; signals join them in `dayzero.simulation.assemble`."""
