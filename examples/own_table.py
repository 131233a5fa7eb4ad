# %% [markdown]
# # From a published table of one's own to an estimate for a small group
#
# Five industries with 49 to 97 employers each, from the accessibility study of 2025, are written to a CSV file and read
# back as one would read one's own table: a name, a percentage and n are enough. No interval is printed in the study;
# here each group gets one. With so few employers, pooling draws the industries together: that employers in education
# find Nav difficult to reach less often than the other industries is likely, not certain.

# %% Write the file that stands for your own
import tempfile
from pathlib import Path

import pandas as pd

import navmodels as nav

estimates = nav.load_report("accessibility_2025", "estimates")
rows = estimates.query(
    "survey_id == 'employer' and item_id == 'accessibility' and category == 'mostly_difficult'"
    " and group_dim == 'industry'"
)
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "industries.csv"
rows.rename(columns={"group": "industry"})[["industry", "share", "n"]].to_csv(path, index=False)
print(path.read_text(encoding="utf-8"))

# %% Ten lines from the file to the answers
table = pd.read_csv(path)
survey = nav.Survey.from_report(table, by="industry", estimate="share", n="n")
fit = nav.fit(nav.Model(nav.Reported(), nav.Group("industry")), survey, seed=2024)
share = nav.estimate(fit, by="industry")
education = nav.summarise(share.sel(industry="education"))
against_all = nav.summarise(nav.contrast(share, along="industry"))
against_construction = nav.summarise(nav.contrast(share, along="industry", reference="construction"))
above = nav.exceed(share, threshold=0.20)

# %%
columns = ["industry", "mean", "lower", "upper"]
print("Share who find Nav mostly difficult to reach, pooled")
print(nav.summarise(share)[columns].round(3).to_string(index=False), "\n")
print("Education alone")
print(education[columns].round(3).to_string(index=False), "\n")
print("Difference from the mean of the industries")
print(against_all[[*columns, "p_above"]].round(3).to_string(index=False), "\n")
print("Difference from construction")
print(against_construction[[*columns, "p_above"]].round(3).to_string(index=False), "\n")
print("Probability that more than 20 % find it difficult")
print(above.round(3).to_string(index=False))

# %%
ax = nav.plot_groups(nav.shrinkage(fit, by="industry"), title="Nav mostly difficult to reach, by industry")
folder.cleanup()
