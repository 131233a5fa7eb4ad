# lme4::glmer: maximum likelihood with the Laplace approximation. Point estimates only.
source("report.R")
suppressPackageStartupMessages(library(lme4))
cells <- read_cells()

start <- proc.time()
model <- as.formula(paste("cbind(k, n - k) ~", FIXED, "+", RANDOM))
fit <- glmer(model, cells, family = binomial)
counties <- summarise_counties(county_draws(t(fitted(fit)), cells))
seconds <- since(start)

warned <- fit@optinfo$conv$lme4$messages
scales <- sprintf("%s sd %.3f", names(VarCorr(fit)), sqrt(unlist(VarCorr(fit))))
write_record("maximum likelihood", seconds, counties,
             note = paste(c("point estimates only", scales, warned), collapse = "; "))
