# %% [markdown]
# # Overall satisfaction with Nav, 2008 to 2024, from the printed shares alone
#
# The employer report of 2024 prints the share of satisfied employers for six years. A random walk over the years
# fits them, says how sure each change is, and fills the years between. The rise from 2018 to 2019 and the one from
# 2019 to 2024 are both clear; for a year without a printed value the interval is several times as wide.
#
# Two things are not in print, and are said here:
#
# - The values of 2010-2012 (told in words: as in 2009) and of 2022 and 2023 (called unchanged) are left out.
# - Only 2024 has a printed base, n = 4 059. The earlier years are assumed to have the same, with the design effect of
#   1.24 that reproduces the printed intervals of 2024.

# %%
import pandas as pd

import navmodels as nav

numbers = nav.load_report("employer_2024", "numbers").query("statistic == 'share' and group == 'all'")
rows = numbers.query("item == 'satisfaction_overall' and answer == '4-6'").drop_duplicates("time")
rows = rows.rename(columns={"time": "year", "value": "share"}).astype({"year": int})
printed = rows[rows["precision"] == "exact"].sort_values("year").assign(n=4059)
left_out = sorted(rows.loc[rows["precision"] != "exact", "year"])
print(f"Left out, no value printed: {', '.join(map(str, left_out))}.")
print("Base: n = 4059 printed for 2024, assumed for the earlier years; design effect 1.24.\n")

# %%
survey = nav.Survey.from_report(printed, by="year", estimate="share", n="n", design_effect=1.24)
model = nav.Model(nav.Reported(), nav.Trend("year"))
fit = nav.fit(model, survey, seed=2024)
print(nav.check(fit).round(3).to_string(index=False), "\n")

# %% Every year from the first to the last, printed or not
years = pd.DataFrame({"year": range(2008, 2025), "weight": 1.0})
share = nav.estimate(fit, by="year", population=years)
table = nav.summarise(share).merge(printed[["year", "share"]], how="left")
table["published"] = table.pop("share") / 100
print("Share satisfied; years without a published value come from the walk")
print(table[["year", "published", "mean", "lower", "upper"]].round(3).to_string(index=False), "\n")

# %% Two changes, draw by draw
changes = [nav.change(share.sel(year=[first, last])) for first, last in ((2018, 2019), (2019, 2024))]
steps = pd.concat([nav.summarise(draws) for draws in changes])
print("Change in the share")
print(steps[["year_from", "year", "mean", "lower", "upper", "p_increase", "class"]].round(3).to_string(index=False))

# %%
ax = nav.plot_trend(table, title="Employers satisfied with Nav, 2008-2024")
