"""Fitting the free parameters to published results: what moves, how it is simulated, solved, cross-validated and kept.

::

    free      which parameters may move, by stage, with their priors
    targets   which rows are aimed at, with their tolerances and weights
    emulate   a study simulated at a place: its figures, and what moves them, with parameters that differ by patient
    effects   effects of parameters averaged over rounds, cleared of chance, corrected by simulated places
    solve     the step: least squares against rows and priors, robust, wary of chance, within bounds
    ruler     how far rows are off, by the same measure at every place
    walk      the step checked: places along it simulated, the best taken
    fit       rounds of emulation and checked steps
    folds     the same solution without some cohorts, scored on those
    ensemble  members of what the rows leave uncertain
    record    the parameter set as a file
"""
