# Expected values of direct_estimate, from R's survey package, for the simulated respondents beside this file.
# Run from the repository's root: Rscript tests/reference/direct_estimate.R
suppressPackageStartupMessages(library(survey))

data <- read.csv("tests/reference/direct_estimate_simulated.csv", stringsAsFactors = TRUE)

groups <- rbind(
  data.frame(county = "", sector = ""),
  data.frame(county = levels(data$county), sector = ""),
  expand.grid(sector = levels(data$sector), county = levels(data$county))[, c("county", "sector")]
)

limits <- function(outcome, design, interval) {
  if (interval == "logit") {
    return(attr(suppressWarnings(svyciprop(outcome, design, method = "logit")), "ci"))
  }
  confint(svymean(outcome, design), df = degf(design))
}

rows <- list()
for (weighted in c(TRUE, FALSE)) {
  sample <- svydesign(ids = ~1, weights = if (weighted) ~weight else ~1, data = data)
  for (i in seq_len(nrow(groups))) {
    county <- as.character(groups$county[i])
    sector <- as.character(groups$sector[i])
    inside <- (county == "" | data$county == county) & (sector == "" | data$sector == sector)
    domain <- sample[inside, ]
    for (kind in list(c("share", "logit"), c("share", "wald"), c("mean", "wald"))) {
      outcome <- if (kind[1] == "share") ~satisfied else ~score
      estimate <- svymean(outcome, domain, deff = "replace")
      ends <- limits(outcome, domain, kind[2])
      rows[[length(rows) + 1]] <- data.frame(
        weighted = weighted, county = county, sector = sector, statistic = kind[1], interval = kind[2],
        estimate = as.numeric(coef(estimate)), se = as.numeric(SE(estimate)), lower = ends[1], upper = ends[2],
        n = sum(weights(domain) != 0), design_effect = as.numeric(deff(estimate)), df = degf(domain)
      )
    }
  }
  # The same numbers by the usual route, svyby.
  shares <- svyby(~satisfied, ~county, sample, svymean, deff = "replace")
  mine <- Filter(function(r) r$weighted == weighted && r$county != "" && r$sector == "" && r$interval == "logit", rows)
  stopifnot(all.equal(shares$se, sapply(mine, function(r) r$se), check.attributes = FALSE))
  stopifnot(all.equal(shares$DEff.satisfied, sapply(mine, function(r) r$design_effect), check.attributes = FALSE))
  ends <- suppressWarnings(svyby(~satisfied, ~county, sample, svyciprop, vartype = "ci", method = "logit"))
  stopifnot(all.equal(ends$ci_l, sapply(mine, function(r) r$lower), check.attributes = FALSE))
}

table <- do.call(rbind, rows)
numbers <- c("estimate", "se", "lower", "upper", "design_effect")
table[numbers] <- lapply(table[numbers], formatC, digits = 17, format = "g")
write.csv(table, "tests/reference/direct_estimate.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "survey", as.character(packageVersion("survey")), "\n")
