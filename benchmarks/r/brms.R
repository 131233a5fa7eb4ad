# brms: NUTS with a C++ program compiled for the model (counted in the time, as a user meets it); its default priors.
source("report.R")
suppressPackageStartupMessages(library(brms))

# Debian keeps Boost and Eigen among the system's headers, where rstan does not look by itself.
lost <- function(option) !nzchar(rstan::rstan_options(option)) || !file.exists(rstan::rstan_options(option))
if (lost("boost_lib") && dir.exists("/usr/include/boost")) rstan::rstan_options(boost_lib = "/usr/include")
if (lost("eigen_lib") && dir.exists("/usr/include/eigen3")) rstan::rstan_options(eigen_lib = "/usr/include/eigen3")

cells <- read_cells()

start <- proc.time()
model <- as.formula(paste("k | trials(n) ~", FIXED, "+", RANDOM))
empty <- brm(model, cells, family = binomial(), chains = 0, refresh = 0, silent = 2)
compiled <- since(start)
fit <- update(empty, chains = asked$chains, iter = 1000 + asked$draws, warmup = 1000, seed = asked$seed,
              recompile = FALSE, refresh = 0, silent = 2)
shares <- sweep(posterior_epred(fit), 2, cells$n, "/")
counties <- summarise_counties(county_draws(shares, cells))
seconds <- since(start)

divergences <- rstan::get_num_divergent(fit$fit)
draws <- posterior::as_draws_array(fit)
draws <- posterior::subset_draws(draws, c("^b_", "^sd_", "^r_"), regex = TRUE)
write_record("NUTS", seconds, counties, min_ess = smallest_ess(draws),
             note = paste(c(sprintf("%.0f s of it compiling C++", compiled),
                            if (divergences > 0) paste(divergences, "divergences")), collapse = "; "))
