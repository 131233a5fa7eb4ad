"""The items of one year, partially pooled within their batteries.

Six-point items are pooled as shares and as means, multiple-choice items as shares. The printed number is what feeds the
model; the pooled estimate stands beside it.
"""

from typing import Any

import pandas as pd
import xarray as xr

import navmodels as nav


def pooled_model(kind: str) -> "nav.Model":
    """Return the model of the items of one kind: "share" and "mean" of six-point items, "choice" of several answers.

    Six-point items have a level for their battery; answers to one multiple-choice question have nothing in common but
    the spread, so for them only the items are pooled.
    """
    battery = () if kind == "choice" else (nav.Group("battery", scale=1.0),)
    wide = 4.0 if kind == "mean" else 1.5
    return nav.Model(nav.Reported(), *battery, nav.Group("battery", "item", scale=1.0), intercept_scale=wide)


def pooled_surveys(items: pd.DataFrame, *, design_effect: float) -> dict[str, "nav.Survey"]:
    """Return three surveys: shares and means of six-point items, shares of multiple-choice items with a printed n."""
    items = items.rename(columns={"item_id": "item"})
    likert = items[items["kind"] == "likert6"]
    choice = items[(items["kind"] != "likert6") & items["n"].notna()]
    by: dict[str, Any] = {"by": ["battery", "item"]}
    return {
        "share": nav.Survey.from_report(likert, estimate="share", n="n", design_effect=design_effect, **by),
        "mean": nav.Survey.from_report(likert, estimate="mean", se="mean_se", n="n", unit="identity", digits=1, **by),
        "choice": nav.Survey.from_report(choice, estimate="share", n="n", design_effect=design_effect, **by),
    }


def item_draws(fit: xr.DataTree) -> xr.DataArray:
    """Return draws by item alone, dims (chain, draw, item); each item lies in one battery."""
    draws = nav.estimate(fit, by=["battery", "item"])
    row = "battery:item"  # few batteries make a grid, many share a dim
    flat = draws if row in draws.dims else draws.stack({row: ("battery", "item")})
    kept = flat.isel({row: flat["n"].notnull().to_numpy()})
    items = kept["item"].to_numpy()
    out = kept.drop_vars([row, "battery", "item"]).rename({row: "item"}).assign_coords(item=items)
    return out.transpose("chain", "draw", "item").assign_attrs(draws.attrs)
