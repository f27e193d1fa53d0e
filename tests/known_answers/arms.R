# Known answers for comparing arms, from the R packages survival and cmprsk: on made-up patients that are kept here, and
# on published data sets that are not part of dayzero (bmt by risk group, timereg_bmt by platelets and T-cell depletion).
#
# Rscript arms.R arms_patients.csv DATA arms.csv   where DATA holds klein-moeschberger/. Not needed to run the tests.
suppressPackageStartupMessages({ library(survival); library(cmprsk) })

given <- commandArgs(trailingOnly = TRUE)
all <- read.csv(given[1])
bmt <- read.csv(file.path(given[2], "klein-moeschberger", "bmt.csv"))
all <- rbind(all, data.frame(set = "bmt", day = bmt$t2, arm = bmt$group - 1, stratum = bmt$z3,
                             kind = ifelse(bmt$d2 == 1, 1, ifelse(bmt$d1 == 1, 2, 0))))
months <- read.csv(file.path(given[2], "klein-moeschberger", "timereg_bmt.csv"))
for (by in c("platelet", "tcell"))
  all <- rbind(all, data.frame(set = paste0("timereg_", by), day = months$time, arm = months[[by]],
                               stratum = as.integer(months$age > 0), kind = months$cause))
rows <- list()
add <- function(set, what, value)
  rows[[length(rows) + 1]] <<- data.frame(set = set, what = what, value = formatC(value, digits = 12, format = "g", width = 1))

for (set in unique(all$set)) {
  d <- all[all$set == set, ]
  horizon <- if (set == "tied") 8 else if (set == "bmt") 365 else if (grepl("timereg", set)) 12 else 60
  arms <- sort(unique(d$arm))
  d$f <- factor(d$arm)
  one <- survdiff(Surv(day, kind == 1) ~ f, data = d)
  add(set, "logrank", one$chisq)
  add(set, "logrank_strata", survdiff(Surv(day, kind == 1) ~ f + strata(stratum), data = d)$chisq)
  fit <- coxph(Surv(day, kind == 1) ~ f, data = d, ties = "efron")
  both <- coxph(Surv(day, kind == 1) ~ f + strata(stratum), data = d, ties = "efron")
  design <- model.matrix(~ f, d)[, -1, drop = FALSE]
  sub <- crr(d$day, d$kind, design, gtol = 1e-12, maxiter = 50)
  for (a in seq_along(arms[-1])) {
    add(set, paste0("cox_", a), coef(fit)[[a]])
    add(set, paste0("cox_error_", a), sqrt(diag(vcov(fit)))[[a]])
    add(set, paste0("cox_strata_", a), coef(both)[[a]])
    add(set, paste0("cox_strata_error_", a), sqrt(diag(vcov(both)))[[a]])
    add(set, paste0("fine_gray_", a), sub$coef[[a]])
    add(set, paste0("fine_gray_error_", a), sqrt(diag(sub$var))[[a]])
  }
  gray <- cuminc(d$day, d$kind, d$f)$Tests
  add(set, "gray", gray["1", "stat"])
  add(set, "gray_strata", cuminc(d$day, d$kind, d$f, strata = d$stratum)$Tests["1", "stat"])
  for (a in arms) {
    own <- d[d$arm == a, ]
    km <- survfit(Surv(day, kind == 1) ~ 1, data = own)
    at <- summary(km, times = horizon, extend = TRUE)
    add(set, paste0("free_", a), at$surv)
    add(set, paste0("free_error_", a), at$std.err)
    ci <- timepoints(cuminc(own$day, own$kind), horizon)
    add(set, paste0("incidence_", a), ci$est["1 1", 1])
    mean <- summary(km, rmean = horizon)$table
    add(set, paste0("mean_", a), mean[["rmean"]])
    add(set, paste0("mean_error_", a), mean[["se(rmean)"]])
  }
}
write.csv(do.call(rbind, rows), given[3], row.names = FALSE, quote = FALSE)
cat(R.version.string, "survival", as.character(packageVersion("survival")), "cmprsk",
    as.character(packageVersion("cmprsk")), "\n")
