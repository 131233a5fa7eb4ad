"""Simulated tables that the benchmarks fit. Every one is simulated, says so, and has a fixed seed.

The main one is a yes/no question by county, industry, year, size and sector: 12 × 12 × 8 × 3 × 2 combinations, of which
6,029 have answers, and 32,920 respondents. Nothing is fitted here, and nothing here is about real people.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from navmodels import Effect, Group, Model, Share, Survey, Trend, simulate_responses
from navmodels.models.terms import Term

OUT = Path(__file__).parent / "out"
MODEL = Model(
    Share(),
    Effect("size"),
    Effect("sector"),
    Group("county"),
    Group("industry"),
    Group("county", "industry"),
    Trend("year"),
)
FACTORS = ("county", "industry", "year", "size", "sector")
SIZES = {"small": 0.50, "medium": 0.32, "large": 0.18}
SECTORS = {"private": 0.70, "public": 0.30}
TRUTH: Mapping[str, Any] = {
    "intercept": 1.3,
    "size": {"small": -0.05, "medium": 0.0, "large": 0.05},
    "sector": {"private": -0.03, "public": 0.03},
    "county_sd": 0.15,
    "industry_sd": 0.20,
    "county:industry_sd": 0.08,
}
DRIFT, STEP = 0.06, 0.08  # logits a year: mean and standard deviation of the walk's steps
UNEVEN = 5.0  # the largest county (and industry) has so many times the respondents of the smallest


@dataclass(frozen=True)
class Size:
    """How large a simulated table is: levels of three of the factors, and respondents."""

    counties: int = 12
    industries: int = 12
    years: int = 8
    respondents: int = 32_920


FULL = Size()
QUICK = Size(counties=4, industries=3, years=4, respondents=1_500)


def simulate_table(size: Size = FULL, *, seed: int = 2024) -> pd.DataFrame:
    """Return the table of cells that have answers: the factors, k (yes) and n; ``attrs["simulated"]`` says so."""
    rows = simulate_responses(MODEL, true_values(size, seed=seed), cells=every_cell(size, seed=seed), seed=seed)
    table = rows.groupby(list(FACTORS), observed=True, sort=False)["answer"].agg(k="sum", n="count").reset_index()
    table.attrs = {"simulated": f"by navmodels.simulate_responses, seed {seed}"}
    return table


def every_cell(size: Size = FULL, *, seed: int = 2024) -> pd.DataFrame:
    """Return every combination of the factors with n, its respondents: some have none."""
    levels: dict[str, Mapping[Any, float]] = {
        "county": _uneven("county", size.counties),
        "industry": _uneven("industry", size.industries),
        "year": dict.fromkeys(_years(size), 1.0),
        "size": SIZES,
        "sector": SECTORS,
    }
    index = pd.MultiIndex.from_product([list(each) for each in levels.values()], names=list(levels))
    cells = index.to_frame(index=False)
    weight = np.prod([cells[name].map(dict(shares)).to_numpy(dtype=float) for name, shares in levels.items()], axis=0)
    return cells.assign(n=np.random.default_rng(seed).multinomial(size.respondents, weight / weight.sum()))


def true_values(size: Size = FULL, *, seed: int = 2024) -> dict[str, Any]:
    """Return the true values behind the answers: a walk over the years, standard deviations to draw the rest with."""
    walk = np.cumsum(np.random.default_rng(seed).normal(DRIFT, STEP, size.years))
    return {**TRUTH, "year": dict(zip(_years(size), walk.tolist(), strict=True))}


def scaled_model(factors: Mapping[str, float]) -> Model:
    """Return the benchmark's model with the prior scale of each of its Groups and Trends times a factor."""
    return Model(
        MODEL.outcome, *(_scaled(term, factors) for term in MODEL.terms), intercept_scale=MODEL.intercept_scale
    )


def written_table(size: Size = FULL, *, seed: int = 2024, folder: Path = OUT) -> Path:
    """Return the file of the simulated table, written on first use; its name says what is in it."""
    counts = f"{size.counties}x{size.industries}x{size.years}_{size.respondents}"
    path = folder / f"simulated_{counts}_seed{seed}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        simulate_table(size, seed=seed).to_csv(part, index=False)
        part.rename(path)  # never half a table
    return path


def read_table(path: Path) -> pd.DataFrame:
    """Return a written table, marked as simulated again."""
    table = pd.read_csv(path)
    table.attrs = {"simulated": f"read from {path.name}"}
    return table


def as_survey(table: pd.DataFrame, *, by: tuple[str, ...] = FACTORS) -> Survey:
    """Return the survey of a table with counts k of n."""
    return Survey.from_counts(table, by=by, positive="k", n="n")


def content_hash(path: Path) -> str:
    """Return the first 12 signs of the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def answer_cells(cells: pd.DataFrame, *, model: Model, truth: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """Return the cells with k drawn from the model's true shares: any number of respondents at the cost of a cell."""
    truth_only = simulate_responses(model, truth, cells=cells.assign(n=0), seed=seed)
    share = np.asarray(truth_only.attrs["truth"]["share"])
    table = cells.assign(k=np.random.default_rng(seed).binomial(cells["n"].to_numpy(dtype=np.int64), share))
    table.attrs = {"simulated": f"from a known truth, seed {seed}"}
    return table


def other_answers(table: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return the table with other answers of the same respondents, drawn around the observed shares."""
    share = (table["k"] + 1) / (table["n"] + 2)
    other = table.assign(k=np.random.default_rng(seed).binomial(table["n"], share))
    other.attrs = {"simulated": f"other answers, seed {seed}"}
    return other


def random_cells(levels: Mapping[str, int], *, cells: int, mean_n: float, seed: int) -> pd.DataFrame:
    """Return different random combinations of factors, every level among them, with n ~ 1 + Poisson(mean_n - 1).

    Raises
    ------
    ValueError
        When there are fewer combinations than cells asked for, or fewer cells than levels of a factor.
    """
    sizes = list(levels.values())
    most = int(np.prod(sizes, dtype=np.int64))
    if not max(sizes) <= cells <= most:
        raise ValueError(f"{cells} cells asked for; allowed: from {max(sizes)} (every level once) to {most}.")
    rng = np.random.default_rng(seed)
    every = np.arange(max(sizes))
    first = np.ravel_multi_index(tuple(every % size for size in sizes), tuple(sizes))
    more = rng.choice(most, size=cells, replace=False)
    chosen = pd.unique(np.concatenate([first, more]))[:cells]
    codes = np.unravel_index(chosen, tuple(sizes))
    width = len(str(max(sizes)))
    columns = {
        name: np.char.add(f"{name}_", np.char.zfill(code.astype(str), width))
        for name, code in zip(levels, codes, strict=True)
    }
    return pd.DataFrame(columns).assign(n=1 + rng.poisson(mean_n - 1, cells))


# ---- inside


def _years(size: Size) -> range:
    return range(2025 - size.years, 2025)


def _uneven(name: str, size: int) -> dict[str, float]:
    """Return labels with their shares of the respondents, up to a constant."""
    labels = [f"{name} {place:02d}" for place in range(1, size + 1)]
    return dict(zip(labels, np.geomspace(1.0, UNEVEN, size).tolist(), strict=True))


def _scaled(term: Term, factors: Mapping[str, float]) -> Term:
    if isinstance(term, Effect):
        return term
    scale = (term.usual if term.scale is None else float(term.scale)) * factors[term.label]  # type: ignore[arg-type]
    return Group(*term.names, scale=scale) if isinstance(term, Group) else replace(term, scale=scale)
