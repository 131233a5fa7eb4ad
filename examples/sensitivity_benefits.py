# %% [markdown]
# # Users with greater needs: which statements about small benefit groups stand?
#
# The accessibility study of 2025 compares benefit groups of 43 to 91 users, and prints no interval. Six statements go
# through the standard set of changes: other priors, no pooling, design effects, groups left out. One stands in all:
# users on social assistance are more often satisfied than those without a benefit. That they are more often satisfied
# than those with both kinds of benefit, and that users on AAP are met by appointment more often than either, is clear
# if the interviews are taken as a simple random sample; they were made at 33 places, and with a design effect of 1.5 it
# is at the border of clear and likely, with one of 2 likely only. That disability pensioners are the most dissatisfied
# is open in all scenarios: it may be so.
#
# Said here: the study assigns some of these shares to their column by the order in print, and its groups add to 345,
# not to 339.

# %%
import pandas as pd

import navmodels as nav

numbers = nav.load_report("accessibility_2025", "numbers").rename(columns={"value": "share"})
users = numbers.query("survey == 'vulnerable_user' and group_dim == 'benefit' and bound == 'eq' and n.notna()")
users = users.rename(columns={"group": "benefit"})


def above(one, other):
    """The statement that one group has a higher share than another."""
    return lambda share: share.sel(benefit=one) > share.sel(benefit=other)


def first(group):
    """The statement that a group has the highest share of all."""
    return lambda share: share.sel(benefit=group) == share.max("benefit")


ASKED = {  # the rows of one answer, and what the study says of them
    "item == 'satisfaction_contact' and answer == 'satisfied'": {
        "social assistance more satisfied than no benefit": above("social_assistance", "no_benefit"),
        "social assistance more satisfied than both kinds": above("social_assistance", "social_and_state"),
    },
    "item == 'satisfaction_contact' and answer == 'dissatisfied'": {
        "disability pension more dissatisfied than no benefit": above("disability", "no_benefit"),
        "disability pension the most dissatisfied": first("disability"),
    },
    "item == 'contact_channel' and answer == 'agreed_physical_meeting'": {
        "AAP met by appointment more than social assistance": above("aap", "social_assistance"),
        "AAP met by appointment more than both kinds": above("aap", "social_and_state"),
    },
}

# %% Each answer is a model of its own
tables = []
for rows, statements in ASKED.items():
    survey = nav.Survey.from_report(users.query(rows), by="benefit", estimate="share", n="n")
    model = nav.Model(nav.Reported(), nav.Group("benefit", scale=1.0))
    scenarios = nav.standard_scenarios(model, survey)
    share = nav.refit_scenarios(model, survey, scenarios, estimand={"by": "benefit"}, seed=2024)
    tables.append(nav.conclusions(share, statements, base="as given"))
table = pd.concat(tables, ignore_index=True)

# %%
columns = ["statement", "p", "class", "lowest", "highest", "verdict"]
print(table[columns].round(2).to_string(index=False), "\n")
effects = table.set_index("statement").filter(like="design effect")
print("Probability by design effect")
print(effects.round(2).to_string())

# %%
ax = nav.plot_sensitivity(table, kind="strip", title="Benefit groups: what is said of them, in every scenario")
