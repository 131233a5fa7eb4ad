# %% [markdown]
# # From a published table of one's own to an estimate for a small group
#
# Five types of partner, 29 to 334 of each, from the accessibility study of 2025, are written to a CSV file and read
# back as one would read one's own: a name, a percentage and n are enough. The study prints no interval; here each group
# gets one. The 29 measure organisers (83 %) are probably above the municipal units (68 %), and cannot be told from the
# follow-up services (82 %); GPs and other health services cannot be told from each other either.

# %% Write the file that stands for your own, and read it back
import tempfile
from pathlib import Path

import pandas as pd

import navmodels as nav

numbers = nav.load_report("accessibility_2025", "numbers").rename(columns={"value": "share"})
rows = numbers.query("item == 'fixed_contact_person' and answer == 'has' and group_dim == 'partner_type'")
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "partners.csv"
    rows.rename(columns={"group": "partner"})[["partner", "share", "n"]].to_csv(path, index=False)
    print(path.read_text(encoding="utf-8"))
    table = pd.read_csv(path)

# %% Ten lines from the table to the answers
survey = nav.Survey.from_report(table, by="partner", estimate="share", n="n")
model = nav.Model(nav.Reported(), nav.Group("partner", scale=1.0))
fit = nav.fit(model, survey, seed=2024)
share = nav.estimate(fit, by="partner")
organisers = nav.summarise(share.sel(partner="measure_organiser"))
from_municipal = nav.summarise(nav.contrast(share, along="partner", reference="municipal"))
health = share.sel(partner=["gp", "other_health"])
within_health = nav.summarise(nav.contrast(health, along="partner", reference="other_health"))
above = nav.exceed(share, threshold=0.75)

# %%
columns = ["partner", "mean", "lower", "upper"]
print("Share with a fixed contact person at Nav: measure organisers")
print(organisers[columns].round(3).to_string(index=False), "\n")
print("All five, as printed and pooled")
beside = nav.shrinkage(fit, by="partner")
print(
    beside[["partner", "n", "direct", "pooled", "pooled_lower", "pooled_upper"]].round(3).to_string(index=False), "\n"
)
print("Difference from municipal units")
print(from_municipal[[*columns, "p_above"]].round(3).to_string(index=False), "\n")
print("GPs beside other health services")
print(within_health[[*columns, "p_above"]].round(3).to_string(index=False), "\n")
print("Probability that more than 75 % have one")
print(above.round(3).to_string(index=False))

# %%
ax = nav.plot_groups(beside, title="Partners with a fixed contact person at Nav")
