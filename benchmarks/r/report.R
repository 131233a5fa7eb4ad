# What every program here shares: the table in, county estimates and the record out.
#
#   Rscript <tool>.R TABLE OUT DRAWS CHAINS SEED
#
# A record is what benchmarks/agreement.py describes: seconds from data frame to summarised county estimates.

suppressPackageStartupMessages(library(jsonlite))

given <- commandArgs(trailingOnly = TRUE)
asked <- list(table = given[1], out = given[2], draws = as.integer(given[3]),
              chains = as.integer(given[4]), seed = as.integer(given[5]))
options(mc.cores = parallel::detectCores())

FIXED <- "size + sector"
RANDOM <- "(1 | county) + (1 | industry) + (1 | county:industry) + (1 | year)"

read_cells <- function() {
  cells <- read.csv(asked$table, stringsAsFactors = TRUE)
  cells$year <- factor(cells$year)
  cells$county_industry <- interaction(cells$county, cells$industry, drop = TRUE)
  cells
}

# Share of yes by county: cells weighted with their respondents. `shares` has one column a cell, one row a draw.
county_draws <- function(shares, cells) {
  weight <- model.matrix(~ 0 + county, cells) * cells$n
  out <- shares %*% sweep(weight, 2, colSums(weight), "/")
  colnames(out) <- levels(cells$county)
  out
}

summarise_counties <- function(draws) {
  several <- nrow(draws) > 1
  each <- lapply(colnames(draws), function(name)
    c(mean(draws[, name]), if (several) sd(draws[, name]) else NA))
  setNames(each, sprintf("share[%s]", colnames(draws)))
}

# The smallest bulk or tail effective sample size of an array of draws (iteration, chain, parameter).
smallest_ess <- function(draws) {
  found <- posterior::summarise_draws(posterior::as_draws_array(draws), "ess_bulk", "ess_tail")
  min(found$ess_bulk, found$ess_tail)
}

write_record <- function(label, seconds, counties, min_ess = NA, note = "") {
  record <- list(label = label, seconds = unname(seconds), min_ess = min_ess, counties = counties, note = note)
  writeLines(toJSON(list(record), auto_unbox = TRUE, na = "null", digits = NA), asked$out)
}

since <- function(start) unname(proc.time()["elapsed"] - start["elapsed"])
