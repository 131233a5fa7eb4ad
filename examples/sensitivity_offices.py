# %% [markdown]
# # 24 host-municipality offices against 41 others: how little it takes
#
# The accessibility study of 2025 says that offices serving several municipalities less often have drop-in as a main
# channel (29 against 54 %) and more often do outreach (66 against 54 %). The first is just clear as given (probability
# 0.96), and turns into a tendency with a narrower prior, with any design effect above one, when one office answers
# otherwise, or when the offices that are missing differ by three points. To turn it into a coin toss they would have to
# differ more than is possible. The second is a tendency at best, and open in half of the scenarios.
#
# Said here: 66 % is no count of 24 offices; 16 of 24 (67 %) is taken as given, 15 (63 %) as a scenario. 101 offices were
# asked, 74 answered, 65 are in the comparison; how many of each type were asked is not in print.

# %%
import numpy as np
import pandas as pd

import navmodels as nav

estimates = nav.load_report("accessibility_2025", "estimates")
printed = estimates.query("survey_id == 'office' and group_dim == 'office_host_collaboration'")
printed = printed.rename(columns={"group": "office"}).replace({"office": {"host_collaboration": "host", "not_host_collaboration": "other"}})
MODEL = nav.Model(nav.Reported(), nav.Effect("office", scale=0.5))  # two types: how far types differ is not learned
ASKED = {  # statement: the item, host offices above (1) or below (-1)
    "host offices: less drop-in": ("user_channel_most_used", -1),
    "host offices: more outreach": ("outreach_any", 1),
}


def office_survey(item, host=0):
    """The two printed shares as counts, with some more or fewer of the host offices giving the answer."""
    rows = printed[printed["item_id"] == item].set_index("office")
    count = (rows["share"] * rows["n"] / 100).round().astype(float)
    count["host"] += host
    return nav.Survey.from_counts(pd.DataFrame({"k": count, "n": rows["n"].astype(float)}).reset_index(), by="office", positive="k", n="n")
