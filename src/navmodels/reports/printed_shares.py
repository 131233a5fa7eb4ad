"""The printed shares and means that models and claims may use, each with its base, as read or as varied.

Nothing is fitted here; see `templates`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import interpolate, special

from navmodels.reports.folders import Report
from navmodels.reports.quantities import dims_as_questions, number_names, rounding
from navmodels.reports.structure import readings
from navmodels.reports.typed_tables import records

Array = npt.NDArray[np.float64]

KEY = ["survey", "item", "answer", "group_dim", "group", "time", "statistic"]
GROUP = ["survey", "group_dim", "group"]
UNKNOWN_EFFECTS = (1.0, 1.5)  # of a weighted survey that prints none
DRAWS = 4000
# Of quantiles that are interpolated: to 1e-6 of themselves and of what is left to one, by trial from Beta(1/2, 1/2) on.
KNOTS = np.linspace(-1.0, 1.0, 48) * special.ndtri(1 - 0.5 / DRAWS)
FEW = 10  # counts up to which that is faster, by trial


@dataclass(frozen=True)
class Variant:
    """How printed numbers are read: what assumed bases are multiplied by, other values, other design effects.

    The name is a code and what its words need, with colons between.
    """

    name: str = "given"
    base: float = 1.0
    values: Mapping[str, float] = field(default_factory=dict)
    effects: Mapping[str, float] = field(default_factory=dict)
    factor: float = 1.0  # of every design effect


def list_shares(report: Report) -> pd.DataFrame:
    """Return the printed shares and means that can be used, one row each quantity, by name.

    A number printed twice counts once: the one that a contradiction supports, else the first. A group dim is a question
    too: its printed shares are those of its groups as answers. What is only inferred is left out; a level that a
    printed change implies comes in.

    Returns
    -------
    pandas.DataFrame
        survey, item, answer, group_dim, group, time, statistic, value, half, step, bound, lower, upper, se, n (the
        base; missing where nobody knows it), assumed (whether it is), how, effect (design effect).
    """
    numbers = report.tables["numbers"]
    chosen = numbers["statistic"].isin(["share", "mean"]) & (numbers["precision"] != "inferred")
    table = numbers.assign(name=number_names(numbers))[chosen]
    sizes = [rounding(row.value, row.value_digits, row.statistic, row.precision) for row in records(table)]
    table = table.assign(half=[half for half, _ in sizes], step=[step for _, step in sizes])
    table = pd.concat([table, dims_as_questions(report)], ignore_index=True)
    table = pd.concat([table, _implied(numbers.assign(name=number_names(numbers)), table)], ignore_index=True)
    supported = " ".join(report.tables["contradictions"]["supports"]).split()
    table["n"] = table["n"].fillna(table.groupby(KEY)["n"].transform("first"))
    table = table.assign(first=~table["name"].isin(supported)).sort_values("first", kind="stable")
    table = _with_bases(table.drop_duplicates(KEY), report.tables["bases"])
    effects = {survey: facts["design_effect"] for survey, facts in readings(report).items()}
    effects |= {name: 1.0 for name, facts in report.surveys.items() if facts.get("register") or name not in effects}
    columns = [*KEY, "value", "half", "step", "bound", "lower", "upper", "se", "n", "assumed", "how"]
    return table.set_index("name")[columns].assign(effect=table.set_index("name")["survey"].map(effects).astype(float))


def vary(shares: pd.DataFrame, variant: Variant) -> pd.DataFrame:
    """Return the shares as a variant reads them."""
    values = shares["value"].where(~shares.index.isin(list(variant.values)), shares.index.map(variant.values.get))
    n = shares["n"].where(~shares["assumed"], (shares["n"] * variant.base).round())
    effect = variant.factor * shares["survey"].map(variant.effects).astype(float).fillna(shares["effect"])
    return shares.assign(value=values.astype(float), n=n, effect=effect)


def list_variants(report: Report, shares: pd.DataFrame) -> list[Variant]:
    """Return the other readings of a report: assumed bases, unsafe numbers, numbers printed twice, design effects."""
    found = []
    if shares["assumed"].any():
        found += [Variant(f"base:{factor:g}", base=factor) for factor in (0.5, 2.0)]
    table = report.tables["readings"]
    for word, rows in table.groupby(table["reading"].mask(table["reading"] == "", table["id"]), sort=False):
        values = {name: value for name, value in zip(rows["id"], rows["value"], strict=True) if name in shares.index}
        found.append(Variant(f"reading:{word}", values=values))
    for survey, facts in report.surveys.items():
        given = facts.get("design_effect", list(UNKNOWN_EFFECTS) if facts.get("weighted") else 1.0)
        for effect in given[1:] if isinstance(given, list) else ():
            found.append(Variant(f"effect:{survey}:{effect:g}", effects={survey: float(effect)}))
    return found


def counts_printing(share: float, n: float, half: float) -> Array:
    """Return the counts out of n that print as a share: whole ones where some (not thousands) do, else five fractions.

    Examples
    --------
    >>> counts_printing(24, 45, 0.5).tolist(), counts_printing(50, 1.5, 0.5).round(2).tolist()
    ([11.0], [0.74, 0.75, 0.75, 0.75, 0.76])
    """
    low, high = np.ceil(n * (share - half) / 100 - 1e-9), np.floor(n * (share + half) / 100 + 1e-9)
    low, high = max(low, 0.0), min(high, n)
    if float(n).is_integer() and 0 <= high - low < DRAWS:
        return np.arange(low, high + 1)
    return np.clip(n * np.linspace(share - half, share + half, 5) / 100, 0.0, n)


def single_draws(share: float, half: float, n: float, rng: np.random.Generator) -> Array:
    """Return draws of a share (proportion) by itself: Jeffreys posteriors over the counts that print so.

    The posterior of k out of n is Beta(k + 1/2, n − k + 1/2) (Jeffreys 1946; Brown, Cai & DasGupta 2001). Points are
    evenly spread over its quantiles and shuffled, so that a probability has little error of its own.
    """
    counts = counts_printing(share, n, half)
    levels = rng.permutation((np.arange(DRAWS) + 0.5) / DRAWS)
    which = np.resize(np.arange(len(counts)), DRAWS)
    if len(counts) <= FEW:  # quantiles are smooth on the scales of normal and logit
        knots = special.logit(special.betaincinv(counts + 0.5, n - counts + 0.5, special.ndtr(KNOTS)[:, None]))
        if np.isfinite(knots).all():
            smooth = interpolate.CubicSpline(KNOTS, knots)(special.ndtri(levels))
            return np.asarray(special.expit(smooth[np.arange(DRAWS), which]))
    k = counts[which]
    return np.asarray(special.betaincinv(k + 0.5, n - k + 0.5, levels))


# ---- inside


def _implied(numbers: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the earlier level of each printed change whose later level is in print, where it is not itself."""
    key = ["survey", "item", "answer", "group_dim", "group"]
    levels = shares[(shares["statistic"] == "share") & (shares["bound"] == "eq")].drop_duplicates([*key, "time"])
    changes = numbers[
        (numbers["statistic"] == "change") & (numbers["time_from"] != "") & (numbers["precision"] == "exact")
    ]
    both = changes.merge(levels, on=[*key, "time"], suffixes=("", "_to")).drop_duplicates([*key, "time_from"])
    known = set(map(tuple, levels[[*key, "time"]].to_numpy()))
    both = both.loc[np.array([tuple(row) not in known for row in both[[*key, "time_from"]].to_numpy()], dtype=bool)]
    made = both[key].assign(
        time=both["time_from"], name=both["name_to"] + "_less_" + both["name"], statistic="share", bound="eq",
        value=both["value_to"] - both["value"], half=both["half"] + 0.5, step=both["step"], time_from="",
    )  # fmt: skip
    return made[made["value"].between(0, 100, inclusive="neither")]


def _with_bases(table: pd.DataFrame, bases: pd.DataFrame) -> pd.DataFrame:
    """Return the shares with the bases of bases.csv where none is printed; one of the item comes before one of all."""
    known: dict[tuple[str, ...], tuple[float, bool, str]] = {}
    for row in records(bases):
        known[row.survey, row.item, row.group_dim, row.group, row.time] = row.n, row.kind == "assumed", row.how
    found = []
    for row in records(table):
        group = (row.group_dim, row.group)
        keys = [(row.survey, item, *group, time) for item in (row.item, "") for time in (row.time, "")]
        base = next((known[key] for key in keys if key in known), (np.nan, False, ""))
        found.append((row.n, False, "") if pd.notna(row.n) else base)
    n, assumed, how = zip(*found, strict=True) if found else ((), (), ())
    return table.assign(n=np.array(n, dtype=float), assumed=np.array(assumed, dtype=bool), how=how)
