# %% [markdown]
# # Ninety-one items, pooled by battery
#
# The employer report of 2024 prints 91 six-point items in 17 batteries, answered by 146 to 4 090 establishments. Each
# item is pooled towards its battery and each battery towards the whole, as far as the spread of the printed shares
# says that they belong together. Items with a thousand answers or more hardly move (half a point at most); the 146
# users of the Aa-register's support, the smallest base, move by almost two points. None leaves its own interval.
#
# Respondents' rows can be pooled in the same way: below, the items of one battery by sector, from simulated answers.

# %%
import navmodels as nav

items = nav.load_report("employer_2024", "items").query("survey == 'employers' and kind == 'scale'").set_index("item")
numbers = nav.load_report("employer_2024", "numbers").query("statistic == 'share' and lower.notna()")
rated = numbers.join(items["battery"], on="item", how="inner").rename(columns={"value": "share"})
print(
    f"{len(rated)} items in {rated['battery'].nunique()} batteries, n from {rated['n'].min()} to {rated['n'].max()}.\n"
)

# %% The printed share with its n; 1.24 is the design effect that reproduces the printed intervals
survey = nav.Survey.from_report(rated, by=["battery", "item"], estimate="share", n="n", design_effect=1.24)
model = nav.Model(nav.Reported(), nav.Group("battery", scale=1.0), nav.Group("battery", "item", scale=1.0))
fit = nav.fit(model, survey, seed=2024)

# %% Direct and pooled side by side
table = nav.shrinkage(fit, by=["battery", "item"])
table["points"] = 100 * (table["pooled"] - table["direct"])
outside = ~table["pooled"].between(table["direct_lower"], table["direct_upper"])
movers = table.sort_values("points", key=abs, ascending=False)
columns = ["item", "n", "direct", "pooled", "points", "pooling_factor"]
print("The eight items that move most")
print(movers[columns].head(8).round(3).to_string(index=False), "\n")
print("The six items with fewest answers")
print(table.sort_values("n")[columns].head(6).round(3).to_string(index=False), "\n")
large = table["n"] >= 1000
print(f"Largest move: {table.loc[~large, 'points'].abs().max():.2f} points below 1 000 answers,", end=" ")
print(f"{table.loc[large, 'points'].abs().max():.2f} from 1 000 answers up.")
print(f"Pooled outside the item's own 95 % interval: {outside.sum()} of {len(table)} items.\n")

# %% How far apart batteries are, and items within one (logits)
for name in ("battery_sd", "battery:item_sd"):
    sd = fit["posterior"][name]
    print(f"{name}: {float(sd.mean()):.2f} (sd {float(sd.std()):.2f})")

# %%
services = table[table["battery"] == "service_satisfaction"].sort_values("n")
ax = nav.plot_groups(services, label="item", title="Services: share satisfied, as printed and pooled")

# %% The same on respondents' rows: item by sector of one battery, from simulated respondents
people = nav.simulate_report("employer_2024", seed=7)
names = rated.loc[rated["battery"] == "service_satisfaction", "item"].tolist()
asked = nav.Survey.from_items(
    people, items=names, by="sector", positive=[4, 5, 6], weights="weight", weighting="effective"
)
joint = nav.Model(nav.Share(), nav.Group("item"), nav.Effect("sector"), nav.Group("item", "sector"))
sectors = nav.fit(joint, asked, seed=2024)
gaps = nav.summarise(nav.contrast(nav.estimate(sectors, by=["item", "sector"]), along="sector", reference="private"))
each = nav.shrinkage(sectors, by=["item", "sector"]).pivot(index="item", columns="sector", values=["direct", "n"])
gaps["direct"] = gaps["item"].map(each["direct"]["public"] - each["direct"]["private"])
gaps["n_public"] = gaps["item"].map(each["n"]["public"])
print(f"\nSIMULATED DATA: {people.attrs['simulated']}.")
print("Public minus private")
print(gaps[["item", "n_public", "direct", "mean", "lower", "upper"]].round(3).to_string(index=False))
print(f"Spread of the thirteen differences: {gaps['direct'].std():.3f} direct, {gaps['mean'].std():.3f} pooled.")
