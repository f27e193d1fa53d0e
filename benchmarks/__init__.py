"""Speed and accuracy of the day program beside general-purpose solvers."""
