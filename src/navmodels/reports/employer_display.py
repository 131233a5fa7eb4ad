"""The audit of the employer report on the screen and in plots."""

from typing import TYPE_CHECKING

import pandas as pd

import navmodels as nav
from navmodels.reports.audits import Audit, Drawings
from navmodels.reports.series import series_name
from navmodels.reports.wording import say, write_number
from navmodels.reports.writing import STATUSES, align, count_words, gate_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = ("satisfaction_overall", "staff_available", "phone_availability", "sick_pay_refund_ease")


def summarise_employer(audit: Audit, lang: str) -> str:
    """Return the summary for the screen."""
    lines = [
        (say("Numbers in print", lang=lang), count_words(audit.ledger["status"], STATUSES, lang=lang)),
        (say("Share intervals reproduced", lang=lang), _intervals(audit.ledger, "share", lang=lang)),
        (say("Mean intervals reproduced", lang=lang), _intervals(audit.ledger, "mean", lang=lang)),
        (say("Design effect", lang=lang), write_number(audit.facts["design_effect"], lang=lang, digits=2)),
        (say("Statements", lang=lang), count_words(audit.claims["status"], STATUSES, lang=lang)),
        (say("Models", lang=lang), gate_line(audit.fits, lang=lang)),
    ]
    heading = f"{say('Statements that differ', lang=lang)}:"
    return "\n".join([*align(lines), "", heading, *_differing(audit.claims, lang=lang)])


def draw_employer(audit: Audit, lang: str) -> Drawings:
    """Return the plots: changes, series, sectors and pooled services; those without rows are left out."""
    changes, pooled = _changes(audit.claims), audit.tables["shrinkage"]
    trends = audit.tables["trends"]
    printed = trends["published"].notna() & (trends["year"] >= 2018)
    trends = trends[trends["series"].isin(SHOWN) & printed]

    def title(text: str) -> str:
        return say(text, lang=lang)

    def draw_changes() -> "Axes":
        return nav.plot_change(changes, label="series", title=title("Changes 2023–2024 that the report speaks of"))

    def draw_trends() -> "Axes":
        return nav.plot_trend(trends, by="series", title=title("Shares answering 4–6, published and modelled"))

    def draw_sectors() -> "Axes":
        table, name = audit.tables["sectors"], "Both sectors: published and modelled"
        return nav.plot_reported(table, label=["item_year", "sector"], title=title(name))

    def draw_pooled() -> "Axes":
        services = pooled[pooled["battery"] == "service_satisfaction"]
        return nav.plot_groups(services, label="item", title=title("Services: direct and pooled"))

    drawings = {"changes": draw_changes, "trends": draw_trends, "sectors": draw_sectors, "pooled": draw_pooled}
    if changes.empty:  # the joint model did not pass the gate
        del drawings["changes"]
    if "battery" not in pooled:
        del drawings["pooled"]
    return drawings


# ---- inside


def _intervals(ledger: pd.DataFrame, quantity: str, *, lang: str) -> str:
    """Return how many printed intervals have both ends reproduced, of those with an n or a standard error in print."""
    ends = ledger[ledger["quantity"].isin([f"{quantity}_ci_low", f"{quantity}_ci_high"]) & (ledger["table"] == "items")]
    usable = ends[ends["status"] != "not reproducible"]
    both = usable.groupby("row")["status"].agg(lambda each: bool((each == "reproduced").all()))
    return f"{write_number(both.sum(), lang=lang)} {say('of', lang=lang)} {write_number(len(both), lang=lang)}"


def _differing(claims: pd.DataFrame, *, lang: str) -> list[str]:
    lines = []
    for claim in claims[claims["status"] == "differs"].to_dict("records"):
        label = f" → {say(claim['class'], lang=lang)}" if isinstance(claim["class"], str) else ""
        lines.append(f"  {claim['claim']} ({claim['reference']}){label}")
    turned = (
        claims[["status_half_base", "status_double_base"]]
        .apply(lambda each: each.notna() & (each != claims["status"]))
        .any(axis=1)
    )
    note = say("verdict turns with half or double the assumed bases", lang=lang)
    return [*lines, *(f"  {name}: {note}" for name in claims.loc[turned, "claim"])]


def _changes(claims: pd.DataFrame) -> pd.DataFrame:
    """Return the changes since 2023 with an estimate, as `plot_change` takes them."""
    changes = claims[(claims["kind"] == "change") & claims["mean"].notna() & (claims["year_from"] == 2023)]
    changes = changes.assign(
        series=[series_name(*key) for key in zip(changes["item"], changes["group"], strict=True)], prob=0.95
    )
    changes = changes.rename(columns={"year_to": "year"})[
        ["series", "year", "year_from", "mean", "lower", "upper", "prob", "p_increase", "class"]
    ]
    changes[["mean", "lower", "upper"]] /= 100
    return changes
