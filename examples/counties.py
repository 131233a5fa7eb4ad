# %% [markdown]
# # Counties and industries, on SIMULATED respondents
#
# The employer report prints nothing by county or industry, so these respondents are simulated: they have the report's
# margins, and known true differences. Pooled estimates come nearer the truth than direct ones: somewhat for the twelve
# counties, several times for the 144 combinations of county and industry, which have 28 answers on average. The ranking
# of the counties says little: nearly all of them could be anywhere from first to last.

# %%
import numpy as np
from scipy.special import expit

import navmodels as nav

people = nav.simulate_report("employer_2024", seed=7)
print(f"SIMULATED DATA: {people.attrs['simulated']}.\n")
by = ["county", "industry", "sector"]
answered = people.dropna(subset="satisfaction_overall").assign(
    satisfied=lambda rows: (rows["satisfaction_overall"] >= 4).astype(int)
)

# %%
survey = nav.Survey.from_responses(
    people, outcome="satisfaction_overall", by=by, categories=range(1, 7), weights="weight", missing="drop"
).dichotomise(4)
model = nav.Model(
    nav.Share(), nav.Effect("sector"), nav.Group("county"), nav.Group("industry"), nav.Group("county", "industry")
)
fit = nav.fit(model, survey, seed=2024)
print(survey, "\n")

# %% The true share of each respondent's cell, from the effects that the answers were simulated with
truth = people.attrs["truth"]
effects = [answered[name].map(truth[name]) for name in by]
cell = answered["county"] + ":" + answered["industry"]
answered["truth"] = expit(sum(effects) + cell.map(truth["county:industry"]) - truth["cut"][4])


def beside(groups):
    """Direct, pooled and true share of each group, weighted alike."""
    direct = nav.direct_estimate(answered, outcome="satisfied", by=groups, weights="weight")
    pooled = nav.summarise(nav.estimate(fit, by=groups)).rename(columns={"mean": "pooled"})
    rows = answered.assign(part=answered["truth"] * answered["weight"]).groupby(groups)[["part", "weight"]].sum()
    true = (rows["part"] / rows["weight"]).rename("truth").reset_index()
    ends = {"estimate": "direct", "lower": "direct_lower", "upper": "direct_upper"}
    ours = pooled[[*groups, "pooled", "lower", "upper"]]
    ours = ours.rename(columns={"lower": "pooled_lower", "upper": "pooled_upper"})
    return direct[[*groups, "n", *ends]].rename(columns=ends).merge(ours, on=groups).merge(true, on=groups)


for groups in (["county"], ["county", "industry"]):
    table = beside(groups)
    error = {name: 100 * np.sqrt(((table[name] - table["truth"]) ** 2).mean()) for name in ("direct", "pooled")}
    inside = table["truth"].between(table["pooled_lower"], table["pooled_upper"]).mean()
    print(
        f"{' x '.join(groups)}, simulated: {len(table)} groups, {table['n'].mean():.0f} answers each on average;",
        end=" ",
    )
    print(f"root mean square error {error['direct']:.1f} points direct, {error['pooled']:.1f} pooled;", end=" ")
    print(f"{100 * inside:.0f} % of the true shares inside the pooled interval.")

# %% Counties: estimates, ranks, and the probability of more than 86 % satisfied
counties = beside(["county"])
share = nav.estimate(fit, by="county")
places = nav.summarise(nav.rank(share, along="county"))[["county", "lower", "upper"]]
counties = counties.merge(places.rename(columns={"lower": "rank_from", "upper": "rank_to"}))
counties = counties.merge(nav.exceed(share, threshold=0.86)[["county", "p_above"]])
print("\nCounties, simulated")
print(counties.sort_values("pooled").round(3).to_string(index=False))

# %%
ax = nav.plot_groups(counties, label="county", title="SIMULATED respondents: share satisfied by county")
