# %% [markdown]
# # Users with greater needs: does satisfaction differ by benefit?
#
# The accessibility study of 2025 compares groups of 43 to 91 users who were asked in person, and prints no interval.
# Partially pooled, those on social assistance are clearly more satisfied with the contact than those who also have a
# state benefit and those who have none (76 against 51 and 41 %). Recipients of disability pension are said to be the
# most dissatisfied (40 against 35 and 27 %); these three cannot be told apart. Among residents they do stand out: more
# of the 176 with disability pension find Nav difficult to reach than in any other group.
#
# Said here, since the report does not: residents are weighted, with an unknown design effect (1.5 is assumed), and a
# resident with two benefits is in two groups, which the comparison takes as independent.

# %%
import matplotlib.pyplot as plt

import navmodels as nav

numbers = nav.load_report("accessibility_2025", "numbers").rename(columns={"value": "share"})
printed = numbers.query("group_dim == 'benefit' and bound == 'eq' and n.notna()").rename(columns={"group": "benefit"})
USERS, RESIDENTS = printed.query("survey == 'vulnerable_user'"), printed.query("survey == 'resident'")
ASKED = {  # the rows of one answer, the design effect, and the group the statement is about
    "Users with greater needs: satisfied": (
        USERS.query("item == 'satisfaction_contact' and answer == 'satisfied'"), 1.0, "social_assistance",
    ),
    "Users with greater needs: dissatisfied": (
        USERS.query("item == 'satisfaction_contact' and answer == 'dissatisfied'"), 1.0, "disability",
    ),
    "Residents: Nav mostly difficult to reach": (
        RESIDENTS.query("item == 'accessibility' and answer == 'mostly_difficult'"), 1.5, "disability",
    ),
}  # fmt: skip

# %% Each answer is a fit of its own: direct beside pooled, the stated group against each other one, and who is first
columns = ["benefit", "n", "direct", "direct_lower", "direct_upper", "pooled", "pooled_lower", "pooled_upper"]
figure, axes = plt.subplots(len(ASKED), figsize=(7, 7), layout="constrained")
for ax, (title, (rows, design_effect, stated)) in zip(axes, ASKED.items(), strict=True):
    survey = nav.Survey.from_report(rows, by="benefit", estimate="share", n="n", design_effect=design_effect)
    fit = nav.fit(nav.Model(nav.Reported(), nav.Group("benefit", scale=1.0)), survey, seed=2024)
    share = nav.estimate(fit, by="benefit")
    table = nav.shrinkage(fit, by="benefit")
    print(title)
    print(table[columns].round(2).to_string(index=False))
    for other in rows["benefit"][rows["benefit"] != stated]:
        gap = nav.summarise(nav.contrast(share.sel(benefit=[stated, other]), along="benefit", reference=other)).iloc[0]
        print(f"{stated} above {other}: {100 * gap['mean']:.0f} points", end=" ")
        print(f"({100 * gap['lower']:.0f} to {100 * gap['upper']:.0f}), P = {gap['p_above']:.3f}")
    first = (nav.rank(share, along="benefit") == 1).mean(("chain", "draw"))
    print(f"{stated} highest: P = {float(first.sel(benefit=stated)):.2f}\n")
    nav.plot_groups(table, title=title, ax=ax)
