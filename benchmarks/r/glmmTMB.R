# glmmTMB: maximum likelihood with the Laplace approximation. Point estimates only.
source("report.R")
suppressPackageStartupMessages(library(glmmTMB))
cells <- read_cells()

start <- proc.time()
model <- as.formula(paste("cbind(k, n - k) ~", FIXED, "+", RANDOM))
fit <- glmmTMB(model, cells, family = binomial)
counties <- summarise_counties(county_draws(t(fitted(fit)), cells))
seconds <- since(start)

spread <- sapply(VarCorr(fit)$cond, function(part) attr(part, "stddev"))
scales <- sprintf("%s sd %.3f", names(VarCorr(fit)$cond), spread)
warned <- if (fit$fit$convergence != 0) fit$fit$message
write_record("maximum likelihood", seconds, counties,
             note = paste(c("point estimates only", scales, warned), collapse = "; "))
