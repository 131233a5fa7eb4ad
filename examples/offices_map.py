# %% [markdown]
# # Offices within counties on a map, on SIMULATED respondents
#
# Neighbouring counties are made alike, six offices in each differ a little, and two counties give no answers at all.
# `Region` learns from the map and fills the two counties from their neighbours; `Group` knows no map and gives them the
# distribution of all counties. Over eight simulated surveys `Region` is nearer the truth there and its intervals are
# shorter; for the ten counties that answer the two agree. With twelve counties the evidence for the map is seldom
# strong: a difference of log marginal likelihoods of 3 is odds of 20 to 1, and most are below that.

# %%
import numpy as np
import pandas as pd

import navmodels as nav

COUNTIES = [
    "Agder", "Innlandet", "Møre og Romsdal", "Nordland", "Oslo", "Rogaland", "Troms og Finnmark", "Trøndelag",
    "Vest-Viken", "Vestfold og Telemark", "Vestland", "Øst-Viken",
]  # fmt: skip
SILENT = ["Nordland", "Vestland"]
offices = pd.DataFrame([(county, f"{county} {number}") for county in COUNTIES for number in range(1, 7)])
offices.columns = ["county", "office"]
nested = nav.Group("county", "office", scale=0.3)
believed = {"Region": nav.Model(nav.Share(), nav.Region("county"), nested)}
believed["Group"] = nav.Model(nav.Share(), nav.Group("county"), nested)
truth = {"intercept": 0.5, "county_spatial_sd": 0.7, "county_own_sd": 0.1, "county:office_sd": 0.25}

# %% Eight surveys, each with a map of its own and 8 to 59 answers an office
tables = []
for seed in range(1, 9):
    cells = offices.assign(n=np.random.default_rng(seed).integers(8, 60, len(offices)))
    people = nav.simulate_responses(believed["Region"], truth, cells=cells, seed=seed)
    true = cells.assign(truth=people.attrs["truth"]["share"]).groupby("county", as_index=False)["truth"].mean()
    answered = people[~people["county"].isin(SILENT)]
    survey = nav.Survey.from_responses(answered, outcome="answer", by=["county", "office"])
    for name, model in believed.items():
        fit = nav.fit(model, survey, seed=2024)
        share = nav.estimate(fit, by="county", population=offices.assign(weight=1.0), new_levels="allow")
        table = nav.summarise(share).merge(true)
        tables.append(table.assign(seed=seed, model=name, evidence=fit.attrs["log_marginal_likelihood"]))
tables = pd.concat(tables)
tables["silent"] = tables["county"].isin(SILENT)
tables["error"] = 100 * (tables["mean"] - tables["truth"]).abs()
tables["length"] = 100 * (tables["upper"] - tables["lower"])
tables["inside"] = 100 * tables["truth"].between(tables["lower"], tables["upper"])

# %%
print("SIMULATED: mean absolute error, length of the 95 % interval (points), and truths inside it (%)")
print(tables.groupby(["silent", "model"])[["error", "length", "inside"]].mean().round(1).to_string(), "\n")
evidence = tables.groupby(["seed", "model"])["evidence"].first().unstack()
print("SIMULATED: log marginal likelihood, Region minus Group, by survey")
print((evidence["Region"] - evidence["Group"]).round(1).to_string(), "\n")
last = tables.query("seed == 8").pivot(index=["county", "n", "truth"], columns="model")[["mean", "lower", "upper"]]
print("SIMULATED: the last survey; n = 0 rests on the map (Region), or on the other counties (Group)")
print(last.round(2).swaplevel(axis=1)[["Region", "Group"]].to_string())

# %%
pooled = tables.query("seed == 8 and model == 'Region'")[["county", "mean", "lower", "upper", "prob", "n"]]
direct = nav.shrinkage(fit, by="county")[["county", "direct", "direct_lower", "direct_upper"]]
shown = pooled.rename(columns={"mean": "pooled", "lower": "pooled_lower", "upper": "pooled_upper"})
ax = nav.plot_groups(shown.merge(direct, how="left"), label="county", title="SIMULATED: counties with Region")
