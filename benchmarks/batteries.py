"""What the terms of the joint battery model are worth: ``python -m benchmarks.batteries`` writes results/batteries.md.

The log marginal likelihood of the employer survey's printed shares, as the laplace engine estimates it: of the whole
model, and how it changes when a term is left out or added. Then what shares printed for all beside both sectors do to
the sectors, and, with ``--engines``, how nuts differs (minutes).
"""

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

import navmodels as nav
from benchmarks.tables import markdown_table, shown
from navmodels.models.terms import Term
from navmodels.reports.library import open_report
from navmodels.reports.printed_shares import list_shares
from navmodels.reports.templates import Planned, make_model, plan_models, read_draws
from navmodels.sensitivity.reweighting import Weighed

RESULTS = Path(__file__).parent / "results" / "batteries.md"
SEED = 2024
WHOLE = "whole model"
PUBLIC = 0.28  # of the establishments that answered
KINDS = {"six-point by sector and year": "six-point items", "answers by sector and year": "answers to tick"}
Array = npt.NDArray[np.float64]


def planned() -> tuple[dict[str, Planned], pd.DataFrame]:
    """Return the joint model of each kind of item as the report's folder plans it, and the printed shares."""
    report = open_report("employer_2024")
    shares = list_shares(report)
    found = {each.name: each for each in plan_models(report, shares)}
    return {kind: found[kind] for kind in KINDS}, shares


def variants() -> dict[str, nav.Model]:
    """Return the joint model, and the same with a term less, more or another, by name.

    Examples
    --------
    >>> list(variants())[:3]
    ['whole model', 'without battery', 'without battery:item']
    """
    plans, shares = planned()
    model = make_model(next(iter(plans.values())), shares)[0]
    lasting = nav.Group("item", "group", scale=0.3)
    moving = nav.Group("item", "year", scale=0.3)
    rest = [term for term in model.terms if term.label != "item:group:year"]
    less = {f"without {term.label}": [each for each in model.terms if each != term] for term in model.terms}
    more: Mapping[str, list[Term]] = {
        "with item:group besides": [*model.terms, lasting],
        "with an average difference between sectors besides": [*model.terms, nav.Effect("group", scale=0.5)],
        "with item:year besides": [*model.terms, moving],
        "item:year and item:group in place of item:group:year": [*rest, moving, lasting],
    }
    terms = {WHOLE: list(model.terms), **less, **more}
    return {name: nav.Model(nav.Reported(), *each) for name, each in terms.items()}


def fitted(part: Planned, shares: pd.DataFrame, model: nav.Model | None = None, engine: str = "laplace") -> xr.DataTree:
    """Return the fit of printed shares, by the planned model or another."""
    own, survey = make_model(part, shares)
    return nav.fit(model or own, survey, engine=engine, seed=SEED)


def evidence(model: nav.Model, part: Planned, shares: pd.DataFrame) -> float:
    """Return the log marginal likelihood of printed shares; NaN when the fit did not pass its check."""
    fit = fitted(part, shares, model)
    return float("nan") if fit.attrs["unconverged"] else float(fit.attrs["log_marginal_likelihood"])


def whole_row(part: Planned, shares: pd.DataFrame) -> dict[str, str]:
    """Return what the sectors are when shares for all beside them are left out, and what they are mixed, in points."""
    names = part.cells.assign(name=part.cells.index).pivot(index=["item", "year"], columns="group", values="name")
    both = names.dropna(subset=["public", "private"])
    whole = both["all"].dropna()
    beside = dataclasses.replace(part, cells=part.cells.drop(index=whole.tolist()))
    draws, without = (read_draws(each, Weighed(fitted(each, shares))) for each in (part, beside))

    def gaps(drawn: Mapping[str, Array]) -> list[Array]:
        return [100 * (drawn[one] - drawn[other]) for one, other in both[["public", "private"]].astype(str).to_numpy()]

    pairs = list(zip(gaps(draws), gaps(without), strict=True))
    apart = [
        float((draws[one] - PUBLIC * draws[public] - (1 - PUBLIC) * draws[private]).mean())
        for one, public, private in both.dropna(subset="all")[["all", "public", "private"]].astype(str).to_numpy()
    ]
    return {
        "item-years with both sectors": str(len(both)),
        "of these also for all": str(len(whole)),
        "largest change of a difference": shown(max(abs(one.mean() - other.mean()) for one, other in pairs), 2),
        "of its sd": shown(max(abs(one.std() - other.std()) for one, other in pairs), 2),
        "sectors mixed, largest distance to all": shown(100 * max(map(abs, apart), default=float("nan")), 2),
    }


def engine_row(part: Planned, shares: pd.DataFrame) -> dict[str, str]:
    """Return how the printed shares' estimates by nuts differ from those by laplace, and why its gate did not pass."""
    fits = [fitted(part, shares, engine=engine) for engine in ("laplace", "nuts")]
    first, second = (np.stack(list(read_draws(part, Weighed(fit)).values())) for fit in fits)
    sd = second.std(axis=1)
    ratio = first.std(axis=1) / sd
    return {
        "largest difference of means, in sd": shown(float((abs(first.mean(1) - second.mean(1)) / sd).max()), 3),
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
    parts, shares = planned()
    models = dict(list(variants().items())[: asked.variants])
    found = {
        kind: {name: evidence(model, part, shares) for name, model in models.items()} for kind, part in parts.items()
    }
    rows = []
    for name in models:
        row = {"": name}
        for kind, each in found.items():
            value = each[name] - (0.0 if name == WHOLE else each[WHOLE])
            row[f"{KINDS[kind]} ({len(parts[kind].cells)} shares)"] = shown(value)
        rows.append(row)
    together = dataclasses.replace(next(iter(parts.values())), cells=pd.concat([each.cells for each in parts.values()]))
    both, apart = evidence(models[WHOLE], together, shares), sum(each[WHOLE] for each in found.values())
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
        table = markdown_table([{"": KINDS[kind], **compared(part, shares)} for kind, part in parts.items()])
        text += f"\n\n{title}\n\n{table}"
    text += "\n\n<!-- end -->"
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return text


if __name__ == "__main__":
    main()
