# rstanarm::stan_glmer: NUTS with a program compiled when the package was built; its own default priors.
source("report.R")
suppressPackageStartupMessages(library(rstanarm))
cells <- read_cells()

start <- proc.time()
model <- as.formula(paste("cbind(k, n - k) ~", FIXED, "+", RANDOM))
fit <- stan_glmer(model, cells, family = binomial, chains = asked$chains, iter = 1000 + asked$draws, warmup = 1000,
                  seed = asked$seed, refresh = 0)
counties <- summarise_counties(county_draws(posterior_epred(fit), cells))
seconds <- since(start)

divergences <- rstan::get_num_divergent(fit$stanfit)
write_record("NUTS", seconds, counties, min_ess = smallest_ess(as.array(fit)),
             note = if (divergences > 0) paste(divergences, "divergences") else "")
