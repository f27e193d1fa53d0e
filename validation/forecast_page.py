"""Words of the page that `validation.forecast` writes."""

TEXT = """# Forecasts of real patients

Forecasts made by `dayzero.forecast` on a given day from what was known then, scored against what came. Nothing fitted
on these patients is in the model or in the settings of the forecast. One thing must be said: while it was being
designed, overall scores on these same MSK patients were looked at (some fifteen variants of how readings are compared
with twins and of how earlier patients teach), so the scores of *twins* below may be a little better than on patients
never seen. Patients kept elsewhere are the clean test: `dayzero forecast --score FOLDER`.

## Neutrophil engraftment, MSK daily counts

81 of 83 transplants of adults and children at one centre (doi:10.1038/s41597-021-00860-8); left out are one infusion
whose counts never fell and one record that ends before recovery. Known of each: graft (mobilised blood, marrow, T-cell
depleted, cord) and daily white cells and neutrophils. Not known: regimen, prophylaxis, G-CSF, cell dose, age. The pool
of {twins} twins of each graft is therefore an even mixture of the common regimens, prophylaxis, and no G-CSF or G-CSF
from day 1, 5 or 7.

Day is the day of forecast; its risk set holds those whose neutrophils had not yet recovered (first of three
measurements of 0.5 or more after the fall), and every method is told that. Episodes had been chosen for running from
day 4 to 22 at least, so early deaths are missing and late recoveries over-represented: figures hold for patients who
live so long. Where a gap in the counts leaves the day open, scores are averaged over the days it may have been. Error:
distance of the median, days. CRPS: days, 0 is best. Inside 50 and 90 %: share of days inside the central interval
(randomised rank, because days are whole numbers); *(out)* marks a share outside the binomial 95 % limits of its
level.

*{own}*: prior tilted by the recovery days of the other persons' transplants of that graft, then weighed by the
readings. *{alone}*: no other patient used. *{before}*: the plan alone. *Twins moved by regression* is the second way
tried: an ensemble smoother that moves twins linearly instead of weighing them. Baselines learn from the other persons
only, the two regressions tuned by cross-validation among them. Last value carried forward says nothing of a day and is
used for visits below.

{whole}

### Against the best baseline

{verdict}

### CRPS by graft

{grafts}

### Ratio of CRPS, {own} over each baseline

Paired bootstrap over persons, 95 %.

{ratios}

### What decides

- On days 0 and 5 the counts hold next to nothing about the day: white cells are falling or gone in everybody. What is
  left is the graft and the centre's habits, which a Kaplan-Meier curve of its earlier patients tells as well.
- In T-cell-depleted grafts (half of the patients) recovery falls on days 8 to 12 in nearly all: so narrow a
  distribution leaves little for any method to gain, in days.
- From day 7 on the first 0.1 to 0.3e9/L of white cells tell one to four days ahead, most in unmodified blood.
- Cord (11 to 37 days, ten patients) dominates the mean in days. Some stay at 0.1 to 0.4e9/L for ten days; the twins
  know no such plateau and foretell an early rise, less so with fewer readings. Where gradient boosting beats the twins
  (day 12, all grafts) it does so in cord alone, on eight patients: it reads how long white cells have stayed low. In
  blood and marrow the twins were better that day too.
- The twins' counts climb more slowly out of a shallower aplasia than real ones (model: 0.3 to 0.5e9/L of white cells
  three days before recovery; MSK: 0.05 to 0.3). The forecast allows for a faster climb (an added rate, unknown); a
  model of release from the marrow under G-CSF that climbs as fast would make readings tell more.

### A second centre

Sao Paulo (doi:10.1128/spectrum.02910-23), whose scores were not looked at while the forecast was designed: few visits,
so the day is known only to lie between two of them, and scores are averaged over that interval. Against the
Kaplan-Meier curve of its own other patients.

{second}

A forecast takes {seconds} s a patient and day once the pool is there; a pool of one plan takes one to three seconds, of
a mixture ten.

## Children: from covariates, day 0

131 children, unrelated donors (doi:10.1016/j.bbmt.2010.04.001); twins of each child as in [the page on
children](children.md), uncertainty of parameters included; the regression is cross-validated on graft source, CD34+
and CD3+ dose, ages and weight, and has seen the other children, which the twins have not; their median scaled has (two
numbers, cross-validated). Among those who recovered.

{children}

## The next visit, Sao Paulo

22 patients (doi:10.1128/spectrum.02910-23), counts at a few visits; the next one within 60 days, told from the counts
so far and the graft. Transfusions are not in the set. CRPS of the decimal logarithm. That a fan holds the model's own
error besides the spread of twins was decided after a first look at these visits; it is still too narrow, above all
after recovery, where real counts rise higher than the twins' and vary more. Other patients' counts at the same visit
tell more than either.

{visits}

## Busulfan: from test dose to first dose

Exposure (AUC) of the first therapeutic dose told from the levels of the test dose; truth is the area under the first
dose's own levels. The population is that of McCune 2014; only body surface is known of these patients.

{busulfan}
"""
