"""Shares of 2024 that the text repeats, held against the interval of the same item in the appendix.

For saying which of two printed shares the appendix interval supports. Nothing is estimated here.
"""

from typing import Any

import pandas as pd

from navmodels.reports.findings import HALF, Finding, overlap, records, tabulate
from navmodels.reports.intervals import solve


def text_shares(items: pd.DataFrame, trends: pd.DataFrame, *, design_effect: float) -> pd.DataFrame:
    """Return what the appendix interval says about each share of 2024 that the text gives for all establishments.

    The ends of an interval, n and the design effect leave a short stretch of unrounded shares, whatever share is
    printed beside them. The share in the text is "reproduced" when it prints from there and is the one in the
    appendix, "agrees" when it prints from there though the appendix has another or the text puts it in words (within
    2.5 points), and "differs" when it does not. The contact person is left out: text and appendix have different
    bases there (`contact_person`).

    Parameters
    ----------
    items, trends
        Published tables, as from `load_report`; the index is the row in print.
    design_effect
        Variance ratio to a simple sample, one for the whole table (`estimate_design_effect`).

    Returns
    -------
    Findings for `share` (percent) of the table trends. `ours` is the share closest to the text that gives the printed
    interval; lower and upper are all of them.

    Examples
    --------
    >>> from navmodels import load_report
    >>> items, trends = (load_report("employer_2024", table) for table in ("items", "trends"))
    >>> found = text_shares(items, trends, design_effect=1.24)
    >>> differs = found[found["status"] == "differs"]
    >>> differs[["lower", "upper"]].round(1).assign(text=trends.loc[differs["row"], "share"].to_list())
        lower  upper  text
    30   26.6   27.3  33.0
    31   22.5   23.4  24.0
    32   18.5   19.4  26.0
    66   52.7   53.4  57.0
    72   67.6   68.5  69.0
    75   59.2   59.9  63.0
    """
    usable = items[items["n"].notna() & (items["battery"] != "contact_person")].set_index("item_id")
    solved = solve(usable, design_effect=design_effect, ends_only=True)
    solved = solved[solved["both"]]
    said = trends[(trends["group"] == "all") & (trends["year"] == 2024) & trends["item_id"].isin(solved.index)]
    return tabulate(_finding(row, solved.loc[str(row.item_id)], design_effect=design_effect) for row in records(said))


# ---- inside


def _finding(row: Any, item: Any, *, design_effect: float) -> Finding:
    """Return the finding for one share in the text; `item` is its solved row in the appendix."""
    half = HALF[row.quality]
    interval = (
        f"The appendix interval {item.share_ci_low:g}–{item.share_ci_high:g} % with n = {item.n} and design effect "
        f"{design_effect:.2f} comes from a share of {item.low:.2f}–{item.high:.2f} %"
    )
    both = f"the {row.share:g} % of the text and the {item.share:g} % of the appendix"
    if not overlap(item.low, item.high, row.share, half=half):
        status, verdict = "differs", f"so it supports {item.share:g} %, not the {row.share:g} % of the text"
        if not overlap(item.low, item.high, item.share, half=0.5):
            verdict = f"so it supports neither {both}"
    elif half > 0.5:
        status, verdict = "agrees", f"which the text puts in words as about {row.share:g} %"
    elif row.share == item.share:
        status, verdict = "reproduced", f"which prints as the {row.share:g} % of the text"
    else:
        status, verdict = "agrees", f"so it cannot tell {both} apart"
    ours = min(max(row.share, item.low), item.high)
    return Finding("trends", row.Index, "share", status, f"{interval}, {verdict}.", ours, item.low, item.high)
