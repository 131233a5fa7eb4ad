# %% [markdown]
# # Which partners find Nav easy to reach, and which find it difficult?
#
# The accessibility study of 2025 prints how many of 623 partners find Nav mostly easy (45 %) and mostly difficult
# (14 %) to reach, and some types: three for easy, only the 45 GPs for difficult. All others follow by subtraction. What
# stands: upper secondary follow-up and municipal units find Nav easier to reach than the others; the 29 measure
# organisers probably do. What does not: that follow-up is the type that most often finds it easy (probability two
# thirds). That GPs find it difficult more often than the others is likely, not certain.

# %%
import numpy as np
import pandas as pd

import navmodels as nav

numbers = nav.load_report("accessibility_2025", "numbers").rename(columns={"value": "share"})
printed = numbers.query("survey == 'partner' and item == 'accessibility' and statistic == 'share' and n.notna()")
printed = printed.rename(columns={"group": "partner", "answer": "category"})[
    ["category", "partner", "share", "n"]
].astype({"n": float})


def with_rest(category):
    """Printed types, and the partners outside them, whose share is less exact by the rounding of those printed."""
    rows = printed[printed["category"] == category]
    whole, types = rows[rows["partner"] == "all"].iloc[0], rows[rows["partner"] != "all"].copy()
    n = whole["n"] - types["n"].sum()
    share = (whole["n"] * whole["share"] - (types["n"] * types["share"]).sum()) / n
    rounding = np.hypot(whole["n"], np.sqrt((types["n"] ** 2).sum())) / n / np.sqrt(12)  # each is within half a point
    se = np.hypot(np.sqrt(share * (100 - share) / n), rounding)
    return pd.concat([types, pd.DataFrame([{"partner": "others", "share": round(share), "n": n, "se": se}])])


# %% One fit for each answer; a printed type enters as its counts, the others with their standard error
def shares(category):
    """Draws of the share of each type, and direct beside pooled."""
    survey = nav.Survey.from_report(with_rest(category), by="partner", estimate="share", n="n", se="se")
    fit = nav.fit(nav.Model(nav.Reported(), nav.Group("partner", scale=1.0)), survey, seed=2024)
    return nav.estimate(fit, by="partner"), nav.shrinkage(fit, by="partner")


easy, table = shares("mostly_easy")
print("Mostly easy to reach, as printed and pooled; 'others' by subtraction")
print(table.iloc[:, :9].drop(columns="n_effective").round(2).to_string(index=False), "\n")
for reference in ("others", "municipal", "measure_organiser"):
    gaps = nav.summarise(nav.contrast(easy, along="partner", reference=reference))
    gaps = gaps.query("partner == 'upper_secondary_followup'" if reference != "others" else "partner != 'others'")
    print(f"Points above {reference}")
    print(gaps[["partner", "mean", "lower", "upper", "p_above"]].round(3).to_string(index=False), "\n")
first = (nav.rank(easy, along="partner") == 1).mean(("chain", "draw")).to_series()
print("Probability that the type is first")
print(first.round(2).to_string(), "\n")

# %% Two groups: how far groups differ cannot be learned from two, so the scale is fixed
survey = nav.Survey.from_report(with_rest("mostly_difficult"), by="partner", estimate="share", n="n", se="se")
fit = nav.fit(nav.Model(nav.Reported(), nav.Effect("partner", scale=0.5)), survey, seed=2024)
gap = nav.summarise(nav.contrast(nav.estimate(fit, by="partner"), along="partner", reference="others"))
print("Mostly difficult: GPs above the others")
print(gap[["mean", "lower", "upper", "p_above"]].round(3).to_string(index=False))

# %%
ax = nav.plot_groups(table, title="Partners who find Nav mostly easy to reach")
