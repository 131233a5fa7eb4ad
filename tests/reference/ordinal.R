# Expected values of a cumulative logit model with a random effect, from R's ordinal and brms packages.
# Data: bitterness of wine, 72 ratings 1-5 by nine judges (Randall 1989), as in ordinal::wine.
# P(rating <= j) = plogis(threshold_j - eta), with temp (cold -1, warm +1), contact (no -1, yes +1) and a judge effect.
# Run from the repository's root: Rscript tests/reference/ordinal.R (two to three minutes, needs a C++ compiler).
# Made with R 4.2.2, ordinal 2022.11.16, brms 2.18.0, rstan 2.21.7 and posterior 1.4.0.
suppressPackageStartupMessages({
  library(ordinal)
  library(brms)
  library(posterior)
})
# Debian keeps Boost outside R's library.
if (system.file("include", package = "BH") == "") rstan::rstan_options(boost_lib = "/usr/include")

data(wine, package = "ordinal")
columns <- c("judge", "temp", "contact", "rating")
write.csv(wine[columns], "tests/reference/ordinal_wine.csv", row.names = FALSE, quote = FALSE)

data <- read.csv("tests/reference/ordinal_wine.csv")
data <- data.frame(
  judge = factor(data$judge),
  rating = factor(data$rating, levels = 1:5, ordered = TRUE),
  temp = ifelse(data$temp == "warm", 1, -1),
  contact = ifelse(data$contact == "yes", 1, -1)
)
# brms centres the covariates and puts its prior on the thresholds after that. Balanced, they are centred already.
stopifnot(nrow(data) == 72, mean(data$temp) == 0, mean(data$contact) == 0, mean(data$temp * data$contact) == 0)

thresholds <- paste0("threshold ", c("1|2", "2|3", "3|4", "4|5"))
judges <- paste("judge", levels(data$judge))
row <- function(tool, quantity, estimate, sd = NA, mcse = NA) data.frame(tool, quantity, estimate, sd, mcse)

# ---- clm: fixed effects only; the log-likelihood is a sum over the 72 ratings, without a multinomial constant
fixed <- clm(rating ~ temp * contact, data = data, control = clm.control(gradTol = 1e-10))
log_likelihood <- as.numeric(logLik(fixed))
stopifnot(all.equal(log_likelihood, sum(log(fitted(fixed))), tolerance = 1e-12), max(abs(fixed$gradient)) < 1e-9)
cells <- expand.grid(temp = c(-1, 1), contact = c(-1, 1))
shares <- predict(fixed, newdata = cells, type = "prob")$fit
name_cell <- function(temp, contact) paste(ifelse(temp > 0, "warm", "cold"), ifelse(contact > 0, "yes", "no"))
rows <- list(
  row("clm", "logLik", log_likelihood),
  row("clm", c(thresholds, "b_temp", "b_contact", "b_temp:contact"), coef(fixed), sqrt(diag(vcov(fixed)))),
  row("clm", paste0("P(y=", rep(1:5, each = 4), ") ", name_cell(cells$temp, cells$contact)), as.vector(shares))
)

# ---- clmm: judges as a random effect, maximum likelihood; sd is the standard error
# (of a judge: the conditional sd at the mode). clmm ends the search for a judge's mode early, so trust the Laplace
# log-likelihood to 1e-5 and its estimates to 1e-4; with quadrature both are a hundred times closer.
for (nodes in c(1, 10)) {
  tool <- if (nodes == 1) "clmm Laplace" else "clmm quadrature 10"
  mixed <- clmm(rating ~ temp + contact + (1 | judge), data = data, nAGQ = nodes,
                control = clmm.control(method = "ucminf", gradTol = 1e-6, grtol = 1e-7, grad = "central"))
  stopifnot(max(abs(mixed$gradient)) < 1e-6)
  errors <- sqrt(diag(vcov(mixed)))[1:6]
  rows <- c(rows, list(
    row(tool, "logLik", as.numeric(logLik(mixed))),
    row(tool, c(thresholds, "b_temp", "b_contact"), coef(mixed), errors),
    row(tool, "sd_judge", sqrt(as.numeric(VarCorr(mixed)$judge))),
    row(tool, judges, ranef(mixed)$judge[, 1], sqrt(condVar(mixed)$judge[, 1]))
  ))
}

# ---- brms: posterior means; the prior of a threshold is an independent normal, kept to the ordered vectors
# (normalising over the order would change a constant only). sd is the posterior sd, mcse that of the mean
sample_posterior <- function(tool, threshold_prior, slope_prior, sd_prior) {
  fit <- brm(
    rating ~ temp + contact + (1 | judge), data = data, family = cumulative("logit"), backend = "rstan",
    prior = c(set_prior(threshold_prior, class = "Intercept"), set_prior(slope_prior, class = "b"),
              set_prior(sd_prior, class = "sd")),
    chains = 4, cores = 2, warmup = 2000, iter = 22000, seed = 1989, refresh = 0, control = list(adapt_delta = 0.95)
  )
  draws <- as_draws_array(fit)
  draws <- subset_draws(draws, variable = c("b_Intercept", "b_temp", "b_contact", "sd_judge", "r_judge"), regex = TRUE)
  variables(draws) <- c(thresholds, "b_temp", "b_contact", "sd_judge", judges)
  # An average judge (effect zero): the probability of a rating of 4 or 5.
  for (sign in c(-1, 1)) {
    above <- plogis(sign * (draws[, , "b_temp"] + draws[, , "b_contact"]) - draws[, , "threshold 3|4"])
    variables(above) <- paste("P(y>=4)", name_cell(sign, sign))
    draws <- bind_draws(draws, above, along = "variable")
  }
  summary <- summarise_draws(draws, mean, sd, mcse_mean, rhat, ess_bulk)
  divergent <- sum(subset(nuts_params(fit), Parameter == "divergent__")$Value)
  cat(tool, ": divergent", divergent, ", largest rhat", sprintf("%.5f", max(summary$rhat)), ", smallest bulk ESS",
      round(min(summary$ess_bulk)), ", largest mcse/sd", format(max(summary$mcse_mean / summary$sd), digits = 2), "\n")
  stopifnot(summary$rhat < 1.001, summary$mcse_mean <= 0.01 * summary$sd)
  row(tool, summary$variable, summary$mean, summary$sd, summary$mcse_mean)
}
rows <- c(rows, list(
  sample_posterior("brms equal priors", "normal(0, 1.5)", "normal(0, 1)", "normal(0, 0.5)"),
  sample_posterior("brms wide priors", "normal(0, 100)", "normal(0, 100)", "normal(0, 100)")
))

table <- do.call(rbind, rows)
numbers <- c("estimate", "sd", "mcse")
table[numbers] <- lapply(table[numbers], function(x) ifelse(is.na(x), "", sprintf("%.17g", x)))
write.csv(table, "tests/reference/ordinal.csv", row.names = FALSE, quote = FALSE)
versions <- sapply(c("ordinal", "brms", "rstan", "posterior"), function(p) paste(p, packageVersion(p)))
cat(R.version.string, versions, "\n")
