"""Fitting the free parameters to published results: what moves, how it is simulated, solved, cross-validated and kept.

::

    free      which parameters may move, by stage, with their priors
    targets   which rows are aimed at, with their tolerances and weights
    emulate   a study simulated with parameters that differ between patients: figures and what moves them
    sharing   effects of parameters averaged over rounds, and over rows of a family as far as these agree
    solve     the step: least squares against rows and priors, robust, within bounds
    fit       rounds of emulation and steps
    folds     the same solution without some cohorts, scored on those
    ensemble  members of what the rows leave uncertain
    record    the parameter set as a file
"""
