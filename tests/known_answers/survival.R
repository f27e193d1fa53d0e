# Known answers for dayzero.analyse.survival, from the R packages survival and cmprsk.
#
# Rscript survival.R DATA OUT.csv   where DATA holds klein-moeschberger/ and ebmt/. The data are not part of dayzero;
# what is kept here are estimates at a few times. Not needed to run the tests.
suppressPackageStartupMessages({ library(survival); library(cmprsk) })

given <- commandArgs(trailingOnly = TRUE)
folder <- function(...) file.path(given[1], ...)
rows <- list()
add <- function(set, curve, time, what, value)
  rows[[length(rows) + 1]] <<- data.frame(set = set, curve = curve, time = time, what = what, value = value)

incidence <- function(set, curve, time, status, cause, at) {
  fit <- cuminc(time, status)
  told <- timepoints(fit, at)
  row <- paste("1", cause)
  for (i in seq_along(at)) {
    add(set, curve, at[i], "incidence", told$est[row, i])
    add(set, curve, at[i], "variance", told$var[row, i])
  }
  states <- summary(survfit(Surv(time, factor(status)) ~ 1), times = at, extend = TRUE)
  column <- which(states$states == cause)
  for (i in seq_along(at)) {
    add(set, curve, at[i], "aalen_johansen", states$pstate[i, column])
    add(set, curve, at[i], "aalen_johansen_error", states$std.err[i, column])
  }
}

alive <- function(set, curve, time, died, at) {
  told <- summary(survfit(Surv(time, died) ~ 1), times = at, extend = TRUE)
  for (i in seq_along(at)) {
    add(set, curve, at[i], "survival", told$surv[i])
    add(set, curve, at[i], "survival_error", told$std.err[i])
  }
}

bmt <- read.csv(folder("klein-moeschberger", "bmt.csv"))
days <- c(50, 100, 365, 730, 1825)
status <- ifelse(bmt$d2 == 1, 1, ifelse(bmt$d1 == 1, 2, 0))
incidence("bmt", "relapse", bmt$t2, status, 1, days)
incidence("bmt", "nonrelapse_death", bmt$t2, status, 2, days)
acute <- ifelse(bmt$da == 1, 1, ifelse(bmt$d1 == 1, 2, 0))
incidence("bmt", "acute_gvhd", ifelse(bmt$da == 1, bmt$ta, bmt$t1), acute, 1, days)
chronic <- ifelse(bmt$dc == 1, 1, ifelse(bmt$d1 == 1, 2, 0))
incidence("bmt", "chronic_gvhd", ifelse(bmt$dc == 1, bmt$tc, bmt$t1), chronic, 1, c(100, 365, 730, 1825))
alive("bmt", "overall_survival", bmt$t1, bmt$d1, days)
alive("bmt", "relapse_free_survival", bmt$t2, bmt$d3, days)

four <- read.csv(folder("ebmt", "ebmt4.csv"))
days <- c(30, 100, 365, 1825)
time <- pmin(four$rel, four$srv)
status <- ifelse(four$rel.s == 1 & four$rel <= four$srv, 1, ifelse(four$srv.s == 1, 2, 0))
incidence("ebmt4", "relapse", time, status, 1, days)
incidence("ebmt4", "nonrelapse_death", time, status, 2, days)
alive("ebmt4", "overall_survival", four$srv, four$srv.s, days)
# out of the first state: recovery, adverse event, relapse, death, whichever came first; recovery before the others
four <- transform(four, out = pmin(rec, ae, rel, srv))
status <- with(four, ifelse(rec.s == 1 & rec == out, 1, ifelse(ae.s == 1 & ae == out, 2,
               ifelse(rel.s == 1 & rel == out, 3, ifelse(srv.s == 1 & srv == out, 4, 0)))))
for (k in 1:4) incidence("ebmt4", c("recovery", "adverse_event", "relapse_first", "death_first")[k], four$out, status, k,
                         c(15, 30, 100, 365))

three <- read.csv(folder("ebmt", "ebmt3.csv"))
recovered <- three$prstat == 1 & three$prtime <= three$rfstime
status <- ifelse(recovered, 1, ifelse(three$rfsstat == 1, 2, 0))
time <- ifelse(recovered, three$prtime, three$rfstime)
incidence("ebmt3", "platelet_recovery", time, status, 1, c(15, 30, 60, 100))
incidence("ebmt3", "relapse_or_death_first", time, status, 2, c(30, 100, 365))
alive("ebmt3", "relapse_free_survival", three$rfstime, three$rfsstat, c(30, 365, 1825))

two <- read.csv(folder("ebmt", "ebmt2.csv"))
for (k in 1:6) incidence("ebmt2", paste0("cause_", k), two$time, two$status, k, c(12, 60, 120))

# for comparing groups, of later use: Gray's test and the Fine-Gray model
cibmtr <- read.csv(folder("klein-moeschberger", "timereg_bmt.csv"))
for (k in 1:2) incidence("timereg_bmt", paste0("cause_", k), cibmtr$time, cibmtr$cause, k, c(3, 12, 36, 60))
gray <- function(set, curve, time, status, group) {
  tests <- cuminc(time, status, group)$Tests
  for (cause in rownames(tests)) {
    add(set, curve, as.numeric(cause), "gray_statistic", tests[cause, "stat"])
    add(set, curve, as.numeric(cause), "gray_p", tests[cause, "pv"])
    add(set, curve, as.numeric(cause), "gray_df", tests[cause, "df"])
  }
}
gray("timereg_bmt", "platelet", cibmtr$time, cibmtr$cause, cibmtr$platelet)
gray("timereg_bmt", "tcell", cibmtr$time, cibmtr$cause, cibmtr$tcell)
gray("bmt", "group", bmt$t2, ifelse(bmt$d2 == 1, 1, ifelse(bmt$d1 == 1, 2, 0)), bmt$group)
covariates <- cibmtr[, c("platelet", "age", "tcell")]
for (k in 1:2) {
  fit <- crr(cibmtr$time, cibmtr$cause, covariates, failcode = k, cencode = 0)
  for (name in names(fit$coef)) {
    add("timereg_bmt", name, k, "fine_gray_coefficient", fit$coef[[name]])
    add("timereg_bmt", name, k, "fine_gray_error", sqrt(diag(fit$var))[which(names(fit$coef) == name)])
  }
}
logrank <- survdiff(Surv(t2, d3) ~ group, data = bmt)
add("bmt", "group", 0, "logrank_statistic", logrank$chisq)

table <- do.call(rbind, rows)
table$value <- formatC(table$value, digits = 12, format = "g")
write.csv(table, given[2], row.names = FALSE, quote = FALSE)
cat(R.version.string, "survival", as.character(packageVersion("survival")), "cmprsk",
    as.character(packageVersion("cmprsk")), "\n")
