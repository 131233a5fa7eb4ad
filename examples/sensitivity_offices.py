# %% [markdown]
# # 24 host-municipality offices against 41 others: how little it takes
#
# The accessibility study of 2025 says that offices serving several municipalities less often have drop-in as a main
# channel (29 against 54 %) and more often do outreach (66 against 54 %). The first is just clear as given (probability
# 0.96); with a narrower prior, with a design effect of 1.25 or more, or had one office answered otherwise, it is
# likely only. It would be a toss-up if 87 % of the host offices that are missing had drop-in, where a third of those
# that answered do. The second is likely at best, and open in more than half of the scenarios.
#
# Said here: 66 % is no count of 24 offices; 16 of 24 (67 %) is taken as given, and 15 (63 %) as one office turned. Of
# 101 offices asked, 65 are in the comparison; how many of each type were asked is not in print.

# %%
import numpy as np
import pandas as pd

import navmodels as nav

numbers = nav.load_report("accessibility_2025", "numbers").rename(columns={"value": "share"})
printed = numbers.query("survey == 'office' and group_dim == 'office_host_collaboration'")
printed = printed.assign(office=printed["group"].map({"host_collaboration": "host", "not_host_collaboration": "other"}))
ASKED = {  # statement: the item, whether host offices are said to be above (1) or below (-1), and their share as given
    "host offices: less drop-in": ("user_channel_most_used", -1, 29),
    "host offices: more outreach": ("outreach_any", 1, 67),
}
model = nav.Model(nav.Reported(), nav.Effect("office", scale=0.5))  # how far types differ is not learned from two


def offices(item, host):
    """The two printed shares, with another one of the 24 host offices."""
    rows = printed[printed["item"] == item]
    rows = rows.assign(share=rows["share"].mask(rows["office"] == "host", host))
    return nav.Survey.from_report(rows, by="office", estimate="share", n="n")


# %% The standard set, a wider prior still, and one host office that answers otherwise
tables, gaps, tips = [], {}, []
for sentence, (item, sign, host) in ASKED.items():
    survey = offices(item, host)
    turned = {"survey": offices(item, round(100 * (round(0.24 * host) - sign) / 24))}
    more = {"prior scales × 4": {"priors": 4.0}, "one office turned": turned}
    scenarios = nav.standard_scenarios(model, survey) | more
    share = nav.refit_scenarios(model, survey, scenarios, estimand={"by": "office"}, seed=2024)

    def statement(share, sign=sign):
        return sign * (share.sel(office="host") - share.sel(office="other")) > 0

    tables.append(nav.conclusions(share, {sentence: statement}, base="as given"))
    gaps[sentence] = nav.summarise(nav.contrast(share, along="office", reference="other"))
    own = share.sel(scenario="as given", drop=True)
    for prob in (0.5, 0.8, 0.95):
        tip = nav.find_tipping_nonresponse(
            own, response=65 / 101, where={"office": "host"}, statement=statement, prob=prob
        )
        tips.append(tip.assign(statement=sentence, answered=float(own.sel(office="host").mean())))
table = pd.concat(tables, ignore_index=True)
columns = ["statement", "p", "class", "lowest", "highest", "turned", "scenarios", "verdict"]
print(table[columns].round(2).to_string(index=False), "\n")

# %% Offices that are missing: how many of them must do it, where `answered` of those who answered do
tips = pd.concat(tips)
log_odds = np.log(tips["answered"] / (1 - tips["answered"])) + tips["size"]
tips["missing"] = 1 / (1 + np.exp(-log_odds))
print("Share of host offices that are missing at which the probability of the statement is prob; NaN: none")
print(tips[["statement", "statement_at_zero", "prob", "answered", "missing"]].round(2).to_string(index=False))

# %%
ax = nav.plot_sensitivity(gaps["host offices: less drop-in"], title="Drop-in: host offices minus others")
