"""Words of the page that `validation.forecast` writes."""

TEXT = """# Forecasts of real patients

Forecasts made by `dayzero.forecast` on a given day from what was known then, scored against what came. Nothing fitted
on these patients is in the model or in the settings of the forecast. Two things must be said. A description of
how cord counts linger at this centre was in mind when the second wave of cord blood was built. And while it was being
designed, overall scores on these same MSK patients were looked at (some fifteen variants of how readings are compared
with twins and of how earlier patients teach; thirty more later, none taken), so the scores of *twins* below may be a
little better than on patients never seen. Patients kept elsewhere are the clean test: `dayzero forecast --score
FOLDER`.

## Neutrophil engraftment, MSK daily counts

81 of 83 transplants of adults and children at one centre (doi:10.1038/s41597-021-00860-8); left out are one infusion
whose counts never fell and one record that ends before recovery. Known of each: graft (mobilised blood, marrow, T-cell
depleted, cord) and daily white cells and neutrophils. Not known: regimen, prophylaxis, G-CSF, cell dose, age. The pool
of {twins} twins of each graft is therefore an even mixture of the common regimens, prophylaxis, and no G-CSF or G-CSF
from day 1, 5 or 7, over 24 draws of the model's uncertain parameters.

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

### With few earlier patients

The rounds above learn from some eighty transplants of the same centre. Here persons are dealt at random into quarters
(about twenty transplants each, as a centre has that begins to keep records), and every method, twins and baselines
alike, may learn from the own quarter only; regressions with fewer than ten others at risk fall back on the
Kaplan-Meier curve.

{few}

### What decides

How well a day's white cells rank the days of recovery (Spearman's correlation, patients not yet recovered, real /
twins; twins to day 40):

{ranks}

How white cells climb: geometric mean (1e9/L, below the limit taken as 0.05) so many days before recovery, real / twins
who recover within a day of the same day:

{climb}

- On days 0 and 5 the counts hold next to nothing about the day: white cells are falling or gone in everybody. What is
  left is the graft and the centre's habits, which a Kaplan-Meier curve of its earlier patients tells as well.
- Where real counts rank the days less well than the twins' own counts rank theirs (from day 10 on), a forecast whose
  twins were the whole truth would gain more from readings than this one can: how much readings tell is bounded by the
  patients, not by the method.
- The twins' counts climb more slowly out of a shallower aplasia than real ones (second table). The forecast allows for
  a faster climb (an added rate, unknown) and for an error that lasts. Thirty other ways to allow for it were tried
  once on these patients, each learned from the other persons only: climbs and their spread learned by graft, errors
  correlated from day to day, earlier patients as twins of their own, a slower climb than the model's, averages with
  the regressions. None was better than the one kept by more than chance, so none was taken, and nothing was tuned.
- In T-cell-depleted grafts (almost half of the patients) recovery falls on days 8 to 12 in all: so narrow a
  distribution leaves little for any method to gain, in days.
- Cord (11 to 37 days, ten patients) dominates the mean in days. White cells of 0.1 to 0.4e9/L that last ten days look
  to the twins like an early rise.
- Pools differ by their draws of the model's parameters: another seed moves CRPS over all grafts by about 1 %, in cord
  by up to 3 %.

### A second centre

Sao Paulo (doi:10.1128/spectrum.02910-23), whose scores were not looked at while the forecast was designed: few visits,
so the day is known only to lie between two of them, and scores are averaged over that interval. Against the
Kaplan-Meier curve of its own other patients.

{second}

A forecast takes {seconds} s a patient and day once the pool is there; a pool of one plan takes about four
seconds, of a mixture ten to twenty.

## Children: from covariates, day 0

131 children, unrelated donors (doi:10.1016/j.bbmt.2010.04.001); twins of each child as in [the page on
children](children.md), uncertainty of parameters included; the regression is cross-validated on graft source, CD34+
and CD3+ dose, ages and weight, and has seen the other children, which the twins have not; their median scaled has (two
numbers, cross-validated). Among those who recovered.

{children}

Why the regression on the same covariates wins. It does not read the covariates better: twins and regression rank the
children about alike, and the twins' median, scaled by two numbers learned on the other children, scores as the
regression does. It knows the level and the spread of this centre, which the covariates do not hold (regimen,
prophylaxis, G-CSF and transfusions of each child are not in the set; the twins all got one plan without G-CSF):

{children_why}

A ratio under 1 says that the twins are late. Where a child's own twins spread less than children did around their
median, the 50 % interval is too narrow: what separates children of like covariates (infection, GVHD, drugs withheld)
is more than the one plan lets happen. Late platelets are the long tail of exactly those.

## The next visit, Sao Paulo

22 patients (doi:10.1128/spectrum.02910-23), counts at a few visits; the next one within 60 days, told from the counts
so far and the graft. Transfusions are not in the set. CRPS of the decimal logarithm. That a fan holds the model's own
error besides the spread of twins was decided after a first look at these visits; where it holds less than 90 % it is
still too narrow. *Real over median*: how much higher real counts were than the twins' median (median of visits), and
their spread around it: the first is the twins' level, the second what differs between patients and days. Other
patients' counts at the same visit know the level of the centre.

{visits}

## The outlook after engraftment

Klein and Moeschberger, Survival Analysis (1997), section 1.3: 137 transplants of acute leukemia, marrow of a matched
sibling, busulfan and cyclophosphamide, 1984 to 1989. Those alive without relapse on day 60, asked with what their chart
says by then: acute GVHD (no grade; taken as II) or none. Twins ({twins} of each disease group): that plan at 28 years
with the care of the 1990s. *(out)*: the mean outlook lies outside the exact 95 % limits of what was observed. *The
plan's survivors* is the same without any reading.

{outlook}

What can be compared is whether acute GVHD moves the outlook as it moved these patients; the level can not, for
supportive care, antivirals and HLA typing were those of the 1980s, and four hospitals judged GVHD by their own rules.
Platelet recovery on the landmark is in the set as a day without the count it means, chimerism and CD4 are not in it:
what they add to an outlook is untested here. The registry's teaching sets (EBMT) were simplified by their owners and
are not meant for such claims; of the children, relapse and chronic GVHD have no day, and grades under III are not told.

## Busulfan: from test dose to first dose

Exposure (AUC) of the first therapeutic dose told from the levels of the test dose; truth is the area under the first
dose's own levels. The population is that of McCune 2014; only body surface is known of these patients.

{busulfan}
"""
