"""What the terms of the joint battery model are worth: ``python -m benchmarks.batteries`` writes results/batteries.md.

The log marginal likelihood of the employer survey's printed shares, as the laplace engine estimates it: of the whole
model, and how it changes when a term is left out or added.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

import navmodels as nav
from benchmarks.tables import markdown_table, shown
from navmodels.models.terms import Term
from navmodels.reproduction.batteries import battery_model, battery_survey, repeated
from navmodels.reproduction.series import series_levels

RESULTS = Path(__file__).parent / "results" / "batteries.md"
DESIGN_EFFECT = 1.24
SEED = 2024
WHOLE = "whole model"
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


def evidence(model: nav.Model, levels: pd.DataFrame) -> float:
    """Return the log marginal likelihood of printed shares; NaN when the fit did not pass its check."""
    fit = nav.fit(model, battery_survey(levels, design_effect=DESIGN_EFFECT), engine="laplace", seed=SEED)
    return float("nan") if fit.attrs["unconverged"] else float(fit.attrs["log_marginal_likelihood"])


def main(argv: list[str] | None = None) -> str:
    """Fit all models, print and write the table, and return it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batteries", description=__doc__)
    parser.add_argument("--variants", type=int, help="only the first so many")
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
        f"<!-- terms -->\n\n{markdown_table(rows)}\n\n<!-- end of terms -->\n\n"
        f"One fit for both kinds has {shown(both)}, two have {shown(apart)}."
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return text


if __name__ == "__main__":
    main()
