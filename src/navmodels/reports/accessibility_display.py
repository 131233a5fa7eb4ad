"""The audit of the accessibility study on the screen and in plots."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import navmodels as nav
from navmodels.reports.accessibility_claims import LIMITS, VERDICTS
from navmodels.reports.audits import Audit, Drawings
from navmodels.reports.wording import say, write_number
from navmodels.reports.writing import STATUSES, align, count_words, gate_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# the questions drawn, pooled beside printed: name of the plot → model, question, title
SHOWN = {
    "partners_easy": (
        "partner × partner_type",
        "accessibility: mostly_easy",
        "Partners who find Nav mostly easy to reach",
    ),
    "partners_contact": (
        "partner × partner_type",
        "fixed_contact_person: has",
        "Partners with a fixed contact person",
    ),
    "employers_contact": (
        "employer × employer_size",
        "fixed_contact_person: wants",
        "Employers who want a fixed contact person",
    ),
    "employers_difficult": (
        "employer × industry",
        "accessibility: mostly_difficult",
        "Employers who find Nav mostly difficult to reach",
    ),
    "users_satisfied": (
        "vulnerable_user × benefit",
        "satisfaction_contact: satisfied",
        "Users with greater needs who are satisfied",
    ),
    "offices_walk_in": (
        "office × office_host_collaboration",
        "user_channel_most_used: walk_in",
        "Offices where users mostly walk in",
    ),
}
# what a verdict was repeated with, and the words when it turns
TURNS = {
    "verdict_half_base": "verdict turns with half or double the assumed bases",
    "verdict_double_base": "verdict turns with half or double the assumed bases",
    "verdict_design_effect": "verdict turns with a design effect of 1.5",
    "verdict_complement": "verdict turns with the other reading of figure 4-11",
}


def summarise_accessibility(audit: Audit, lang: str) -> str:
    """Return the summary for the screen: statuses, verdicts, models, and the comparisons that do not stand."""
    judged = audit.claims[audit.claims["verdict"].notna()]
    lines = [
        (say("Numbers in print", lang=lang), count_words(audit.ledger["status"], STATUSES, lang=lang)),
        (say("Comparisons judged", lang=lang), count_words(judged["verdict"], VERDICTS, lang=lang)),
        (say("Comparisons not judged", lang=lang), write_number(len(audit.claims) - len(judged), lang=lang)),
        (say("Models", lang=lang), gate_line(audit.fits, lang=lang)),
    ]
    heading = f"{say('Comparisons that do not stand', lang=lang)}:"
    return "\n".join([*align(lines), "", heading, *_not_standing(judged, lang=lang)])


def draw_accessibility(audit: Audit, lang: str) -> Drawings:
    """Return the plots: the main questions, direct beside pooled, and the probability of every comparison."""
    drawings = {}
    for name, (model, question, title) in SHOWN.items():
        table = audit.tables["shrinkage"]
        rows = table[(table["model"] == model) & (table.get("question") == question)]
        if len(rows):

            def draw(rows: pd.DataFrame = rows, title: str = title) -> "Axes":
                table = rows.assign(group=rows["group"].str.replace("_", " ")).sort_values("direct", ascending=False)
                return nav.plot_groups(table, label="group", title=say(title, lang=lang))

            drawings[name] = draw
    return {**drawings, "claims": lambda: _draw_claims(audit.claims, lang=lang)}


# ---- inside


def _not_standing(judged: pd.DataFrame, *, lang: str) -> list[str]:
    """Return the comparisons that lean or are open, least likely first, and those whose verdict turns."""
    weak = judged[judged["verdict"] != VERDICTS[0]].sort_values("p", kind="stable")
    lines = [
        f"  {row['claim']} ({row['reference']}) → {say(row['verdict'], lang=lang)}, "
        f"P = {write_number(row['p'], lang=lang, digits=2)}"
        for row in weak.to_dict("records")
    ]
    notes = []
    for column, note in TURNS.items():
        turned = judged[judged[column].notna() & (judged[column] != judged["verdict"])]
        notes += [f"  {name}: {say(note, lang=lang)}" for name in turned["claim"]]
    return [*lines, *dict.fromkeys(notes)]


def _draw_claims(claims: pd.DataFrame, *, lang: str) -> "Axes":
    """Draw the probability of every comparison, pooled and by itself, from the least to the most likely."""
    import matplotlib.pyplot as plt

    judged = claims[claims["verdict"].notna()].sort_values("p", kind="stable")
    place = np.arange(len(judged))
    _, ax = plt.subplots(figsize=(7.0, 6.0), layout="constrained")
    for limit in LIMITS:
        ax.axvline(limit, color="#767676", linewidth=0.8, linestyle=":")
    ax.scatter(judged["p_unpooled"], place, s=12, facecolors="none", edgecolors="#767676", linewidths=0.7)
    ax.scatter(judged["p"], place, s=9, color="#0072B2")
    ax.set_xlim(0, 1.01)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)
    key = f"● {say('pooled where a model has the groups', lang=lang)}   ○ {say('by itself', lang=lang)}"
    ax.set_xlabel(f"{say('Probability that the comparison holds', lang=lang)}\n{key}")
    title = say("Comparisons of the accessibility study", lang=lang)
    ax.set_title(title, loc="left", fontsize=11)
    counts = count_words(judged["verdict"], VERDICTS, lang=lang)
    ax.set_label(
        f"{title}. Dot plot of the probability that each of {len(judged)} comparisons holds, from the least to the "
        f"most likely, with lines at 0.80 and 0.95. Of {counts}."
    )
    return ax
