# %% [markdown]
# # Public and private establishments: differences within a year, changes between years
#
# The employer report of 2024 prints a share for each sector of seven items, and for one sector over several years of
# three. The base of no sector is printed: it is assumed to be 28 % (public) and 72 % (private) of the item's own, the
# printed mix, and the fit is repeated with half and with twice that. Five of the seven differences and the two changes
# of fifteen points and more are clear whatever the base; changes of two points turn with it. Satisfaction by sector is
# printed for 2021 only (87 and 80 %), so whether its seven points were there in 2024 cannot be told from print.

# %%
import pandas as pd

import navmodels as nav

numbers = nav.load_report("employer_2024", "numbers")
levels = numbers.query("statistic == 'share' and group_dim == 'sector' and precision == 'exact'")
levels = levels[levels["item"] != "under_10_employees"]  # their size is known, not asked
levels = levels.rename(columns={"time": "year", "group": "sector", "value": "share"}).astype({"year": int})
levels["item"] = levels["item"].where(levels["item"] != "contact_person", "contact_person_" + levels["answer"])
base = numbers.query("statistic == 'share' and n.notna()").drop_duplicates("item").set_index("item")["n"]
other_base = levels["item"].str.startswith("contact_person")  # the text counts don't-knows, the appendix does not
whole = levels["item"].map(base.astype(float)).mask(other_base).fillna(4115)
levels["n"] = (whole * levels["sector"].map({"public": 0.28, "private": 0.72})).round()
print("Printed shares by sector; n is assumed")
print(levels[["item", "year", "sector", "share", "n"]].to_string(index=False), "\n")

# %% Each printed share is pooled towards the mean of its sector, as far as their spread says
model = nav.Model(nav.Reported(), nav.Effect("sector"), nav.Group("item", "year", "sector", scale=1.0))
shares = {}
for factor in (0.5, 1.0, 2.0):
    table = levels.assign(n=(levels["n"] * factor).round())
    survey = nav.Survey.from_report(table, by=["item", "year", "sector"], n="n", design_effect=1.24)
    shares[factor] = nav.estimate(nav.fit(model, survey, seed=2024), by=["item", "year", "sector"])

# %% Public minus private, where both are printed
printed = levels.groupby("item")["sector"].nunique()
both = list(printed.index[printed == 2])
gaps = [
    nav.summarise(nav.contrast(share.sel(item=both), along="sector", reference="private")).assign(base=factor)
    for factor, share in shares.items()
]
gaps = pd.concat(gaps).sort_values(["item", "base"])
print("Public minus private, with half, once and twice the assumed base")
print(gaps[["item", "year", "base", "mean", "lower", "upper", "p_above"]].round(3).to_string(index=False), "\n")

# %% Year over year, where one sector is printed for two years
steps = [
    nav.summarise(nav.change(share.sel(year=pair))).dropna(subset="mean").assign(base=factor)
    for factor, share in shares.items()
    for pair in ([2020, 2022], [2022, 2024], [2023, 2024])
]
steps = pd.concat(steps).sort_values(["item", "year", "base"])
columns = ["item", "sector", "year_from", "year", "base", "mean", "lower", "upper", "class"]
print("Change within a sector")
print(steps[columns].round(3).to_string(index=False))

# %%
shown = steps[steps["base"] == 1.0]
ax = nav.plot_change(shown, label=["item", "sector"], title="Change within a sector (assumed bases)")
