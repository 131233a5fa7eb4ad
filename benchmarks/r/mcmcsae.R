# mcmcsae: Gibbs sampling with Pólya-Gamma augmentation; its default priors.
source("report.R")
suppressPackageStartupMessages(library(mcmcsae))
cells <- read_cells()

start <- proc.time()
model <- k ~ size + sector + gen(factor = ~county, name = "county") + gen(factor = ~industry, name = "industry") +
  gen(factor = ~county_industry, name = "interaction") + gen(factor = ~year, name = "year")
newer <- "n.trial" %in% names(formals(f_binomial))
sampler <- if (newer) {
  create_sampler(model, data = cells, family = f_binomial(link = "logit", n.trial = ~n))
} else {
  create_sampler(model, data = cells, family = "binomial", ny = cells$n)
}
sim <- MCMCsim(sampler, n.iter = asked$draws, n.chain = asked$chains, burnin = 1000, store.all = TRUE, verbose = FALSE)
weight <- model.matrix(~ 0 + county, cells) * cells$n
weight <- sweep(weight, 2, colSums(weight), "/")
shares <- predict(sim, type = "response", fun. = function(p) as.vector(p %*% weight), show.progress = FALSE)
draws <- as.matrix(shares)
colnames(draws) <- levels(cells$county)
counties <- summarise_counties(draws)
seconds <- since(start)

ess <- sapply(grep("^(reg|county|industry|interaction|year)", names(sim), value = TRUE),
              function(name) smallest_ess(as.array(sim[[name]])))
write_record("Gibbs", seconds, counties, min_ess = min(ess), note = sprintf("smallest ESS for %s", names(which.min(ess))))
