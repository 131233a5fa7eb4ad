"""What the terms of the joint battery model are worth: ``python -m benchmarks.batteries`` writes results/batteries.md.

The log marginal likelihood of the employer survey's printed shares, as the laplace engine estimates it: of the whole
model, and how it changes when a term is left out or added. Then what shares printed for all beside both sectors do to
the sectors, and, with ``--engines``, how nuts differs (minutes).
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xarray as xr
from navmodels.reports.batteries import (
    battery_model,
    battery_survey,
    both_sectors,
    repeated,
    sector_draws,
    series_draws,
)
from navmodels.reports.series import series_levels

import navmodels as nav
from benchmarks.tables import markdown_table, shown
from navmodels.models.terms import Term

RESULTS = Path(__file__).parent / "results" / "batteries.md"
DESIGN_EFFECT = 1.24
SEED = 2024
WHOLE = "whole model"
PUBLIC = 0.28  # of the establishments that answered
OVER = ("chain", "draw")
KINDS = {"six-point": "six-point items", "answers": "answers to tick"}


def variants() -> dict[str, nav.Model]:
    """Return the joint model, and the same with a term less, more or another, by name.

    Examples
    --------
    >>> list(variants())[:3]
    ['whole model', 'without battery', 'without battery:item']
    """
    model = battery_model()
    lasting = nav.Group("item", "sector", scale=0.3)
    moving = nav.Group("item", "year", scale=0.3)
    rest = [term for term in model.terms if term.label != "item:sector:year"]
    less = {f"without {term.label}": [each for each in model.terms if each != term] for term in model.terms}
    more: Mapping[str, list[Term]] = {
        "with item:sector besides": [*model.terms, lasting],
        "with an average difference between sectors besides": [*model.terms, nav.Effect("sector", scale=0.5)],
        "with item:year besides": [*model.terms, moving],
        "item:year and item:sector in place of item:sector:year": [*rest, moving, lasting],
    }
    terms = {WHOLE: list(model.terms), **less, **more}
    return {name: nav.Model(nav.Reported(), *each) for name, each in terms.items()}


def fitted(model: nav.Model, levels: pd.DataFrame, *, engine: str = "laplace") -> xr.DataTree:
    """Return the fit of printed shares."""
    return nav.fit(model, battery_survey(levels, design_effect=DESIGN_EFFECT), engine=engine, seed=SEED)


def evidence(model: nav.Model, levels: pd.DataFrame) -> float:
    """Return the log marginal likelihood of printed shares; NaN when the fit did not pass its check."""
    fit = fitted(model, levels)
    return float("nan") if fit.attrs["unconverged"] else float(fit.attrs["log_marginal_likelihood"])


def whole_row(levels: pd.DataFrame) -> dict[str, str]:
    """Return what the sectors are when shares for all beside them are left out, and what they are mixed, in points."""
    sectors = both_sectors(levels)
    keys = pd.MultiIndex.from_frame(sectors[["item", "year"]])
    beside = (levels["group"] == "all") & pd.MultiIndex.from_frame(levels[["item", "year"]]).isin(keys)
    whole = levels[beside]
    fits = [fitted(battery_model(), part) for part in (levels, levels[~beside])]
    gaps = [100 * sector_draws(fit, levels).diff("sector") for fit in fits]
    each = sector_draws(fits[0], levels)
    mixed = PUBLIC * each.sel(sector="public") + (1 - PUBLIC) * each.sel(sector="private")
    pairs = list(zip(whole["series"], whole["year"], strict=True))
    for_all = series_draws(fits[0], levels, pairs)
    apart = [
        float((for_all.sel(series=row.series, year=row.year) - mixed.sel(item_year=f"{row.item} {row.year}")).mean())
        for row in whole.itertuples()
    ]
    return {
        "item-years with both sectors": str(sectors["item_year"].nunique()),
        "of these also for all": str(len(whole)),
        "largest change of a difference": shown(float(abs(gaps[0].mean(OVER) - gaps[1].mean(OVER)).max()), 2),
        "of its sd": shown(float(abs(gaps[0].std(OVER) - gaps[1].std(OVER)).max()), 2),
        "sectors mixed, largest distance to all": shown(100 * max(map(abs, apart), default=float("nan")), 2),
    }


def engine_row(levels: pd.DataFrame) -> dict[str, str]:
    """Return how the printed shares' estimates by nuts differ from those by laplace, and why its gate did not pass."""
    pairs = list(zip(levels["series"], levels["year"], strict=True))
    fits = [fitted(battery_model(), levels, engine=engine) for engine in ("laplace", "nuts")]
    first, second = (series_draws(fit, levels, pairs) for fit in fits)
    sd = second.std(OVER)
    ratio = first.std(OVER) / sd
    return {
        "largest difference of means, in sd": shown(float((abs(first.mean(OVER) - second.mean(OVER)) / sd).max()), 3),
        "ratio of sds": f"{float(ratio.min()):.3f} to {float(ratio.max()):.3f}",
        "seconds by nuts": shown(float(fits[1].attrs["seconds"]), 0),
        "why nuts did not pass": str(fits[1].attrs["unconverged"]) or "it did",
    }


def main(argv: list[str] | None = None) -> str:
    """Fit all models, print and write the table, and return it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batteries", description=__doc__)
    parser.add_argument("--variants", type=int, help="only the first so many")
    parser.add_argument("--engines", action="store_true", help="also by nuts, which takes minutes")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(argv)
    tables = {name: nav.load_report("employer_2024", name) for name in ("items", "trends", "changes")}
    levels = repeated(series_levels(**tables))
    parts = {kind: levels[levels["kind"] == kind] for kind in KINDS}
    models = dict(list(variants().items())[: asked.variants])
    found = {kind: {name: evidence(model, part) for name, model in models.items()} for kind, part in parts.items()}
    rows = []
    for name in models:
        row = {"": name}
        for kind, each in found.items():
            value = each[name] - (0.0 if name == WHOLE else each[WHOLE])
            row[f"{KINDS[kind]} ({len(parts[kind])} shares)"] = shown(value)
        rows.append(row)
    both, apart = evidence(models[WHOLE], levels), sum(each[WHOLE] for each in found.values())
    text = (
        "# What each term of the joint model is worth\n\n"
        f"Log marginal likelihood (natural) by laplace, seed {SEED}: of the whole model, and below it the difference "
        "to it.\n\n"
        f"<!-- terms -->\n\n{markdown_table(rows)}\n\n"
        f"One fit for both kinds has {shown(both)}, two have {shown(apart)}.\n\n<!-- end of terms -->"
    )
    sections = {"## Shares for all beside both sectors, in points": whole_row}
    if asked.engines:
        sections["## laplace and nuts"] = engine_row
    for title, compared in sections.items():
        table = markdown_table([{"": KINDS[kind], **compared(part)} for kind, part in parts.items()])
        text += f"\n\n{title}\n\n{table}"
    text += "\n\n<!-- end -->"
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return text


if __name__ == "__main__":
    main()
