"""Simulated reports, printed by rounding what simulated people answer: nothing in them may differ, planted errors must.

Weighted, with unweighted bases and another mix of groups in the sample than in the population, so that the whole is not
the mix by the bases; answers missing; two waves; ticks; a filter; intervals of several formulas.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import beta

from navmodels.reports.audits import audit_folder
from navmodels.reports.falsification import falsify_numbers
from navmodels.reports.folders import read_folder
from navmodels.reports.statuses import Numbers, numbers_of

Z = 1.959963984540054
GROUPS = ("young", "middle", "old")


def interval(p: float, n: float, form: str) -> tuple[float, float]:
    spread = Z * np.sqrt(p * (1 - p) / n)
    if form == "logit":
        return tuple(expit(logit(p) + side * spread / (p * (1 - p))) for side in (-1, 1))  # type: ignore[return-value]
    if form == "exact":
        return float(beta.ppf(0.025, p * n, n - p * n + 1)), float(beta.ppf(0.975, p * n + 1, n - p * n))
    return max(p - spread, 0.0), min(p + spread, 1.0)  # Wald's, cut off


def simulate(folder: Path, *, seed: int, weighted: bool, digits: int, form: str, sizes: str) -> list[dict[str, Any]]:
    """Write a report: what three answers, two ticks and a yes are of 400 simulated people in two waves."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    for year in (2023, 2025):
        n = 400 + year % 7
        group = rng.choice(3, n, p=(0.2, 0.3, 0.5))
        population = np.array([0.4, 0.35, 0.25]) if weighted else np.bincount(group) / n
        weight = (population * n / np.bincount(group))[group]
        latent = 0.8 * group - 0.5 + rng.logistic(size=n)
        answered, scale = rng.random(n) > 0.08, np.digitize(latent, (-0.5, 1.0))
        led = answered & (scale == 2)
        ticks = {f"tick{place}": latent + rng.logistic(size=n) > place for place in (0, 1)}
        asked = [("quality", f"a{place}", scale == place, answered) for place in (0, 1, 2)]
        asked += [("ticks", name, hit, answered) for name, hit in ticks.items()]
        asked += [("trust", "yes", latent > 0.3, answered), ("why", "yes", latent > 2.0, led)]
        for item, answer, hit, base in asked:
            for name, members in [("all", np.full(n, True)), *((name, group == g) for g, name in enumerate(GROUPS))]:
                among = members & base
                p = float(np.average(hit[among], weights=weight[among]))
                dim, value = "all" if name == "all" else "age", f"{100 * p:.{digits}f}"
                row = {"id": f"r{len(rows)}", "item": item, "answer": answer, "time": year, "value": value}
                row |= {"group_dim": dim, "group": name, "n": among.sum()}
                if item == "trust":
                    low, high = interval(p, among.sum() / (1.2 if weighted else 1.0), form)
                    row |= {"lower": f"{100 * low:.{digits}f}", "upper": f"{100 * high:.{digits}f}"}
                rows.append(row)
        if year == 2025:
            share = 100 * population if weighted else np.bincount(group) / n * 100
            groups = [{"group_dim": "age", "group": name, "n": (group == g).sum(), "part": "yes"}
                      for g, name in enumerate(GROUPS)]  # fmt: skip
            if sizes == "printed":
                groups = [{**row, "share": f"{share[g]:.0f}"} for g, row in enumerate(groups)]
    complete = {"quality": "single", "ticks": "tick"}
    items = [{"item": item, "kind": kind, "complete": "yes"} for item, kind in complete.items()]
    items.append({"item": "why", "asked_of": "quality/a2"})
    write(folder, numbers=rows, groups=groups, items=items)
    effect = "\ndesign_effect = 1.2" if weighted else ""
    text = f'title = "Simulated"\n[surveys.s]\nn = 402\nyear = 2025\nweighted = {str(weighted).lower()}{effect}\n'
    (folder / "report.toml").write_text(text)
    return rows


def write(folder: Path, **tables: list[dict[str, Any]]) -> None:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as text:
            out = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
            out.writeheader()
            out.writerows(rows)


def audited(folder: Path) -> tuple[Numbers, pd.DataFrame]:
    return numbers_of(read_folder(folder))


@pytest.mark.parametrize("bases", ["printed", "not printed"])
@pytest.mark.parametrize("sizes", ["printed", "not printed"])
@pytest.mark.parametrize(
    ("weighted", "digits", "form"), [(True, 0, "wald"), (True, 1, "logit"), (False, 0, "exact"), (False, 1, "logit")]
)
def test_nothing_differs_in_a_report_without_errors(
    tmp_path: Path, weighted: bool, digits: int, form: str, sizes: str, bases: str
) -> None:
    for seed in (len(sizes) + len(bases),):
        rows = simulate(tmp_path / "r", seed=seed, weighted=weighted, digits=digits, form=form, sizes=sizes)
        if bases == "not printed":
            rows = [{**row, "n": ""} for row in rows]
            write(tmp_path / "r", numbers=rows)
        numbers, statuses = audited(tmp_path / "r")
        assert statuses.index[statuses["status"] == "differs"].tolist() == []
        assert (statuses["status"] == "agrees").sum() > 20
        assert falsify_numbers(numbers, statuses)["noticed"].all()


def test_planted_errors_differ(tmp_path: Path) -> None:
    """Six points too many in a distribution, a whole above all its groups, an interval of a ninth of its n."""
    rows = simulate(tmp_path / "r", seed=3, weighted=True, digits=0, form="logit", sizes="not printed")
    found = {(row["item"], row["answer"], row["group"], row["time"]): row for row in rows}
    found["quality", "a1", "middle", 2025]["value"] = float(found["quality", "a1", "middle", 2025]["value"]) + 6
    groups = [float(found["ticks", "tick0", group, 2025]["value"]) for group in GROUPS]
    found["ticks", "tick0", "all", 2025]["value"] = max(groups) + 4
    wide = found["trust", "yes", "all", 2023]
    middle = float(wide["value"])
    wide["lower"], wide["upper"] = (round(middle + 3 * (float(wide[end]) - middle)) for end in ("lower", "upper"))
    write(tmp_path / "r", numbers=rows)
    _, statuses = audited(tmp_path / "r")
    differs = set(statuses.index[statuses["status"] == "differs"])
    wrong = {found[key]["id"] for key in [("quality", "a1", "middle", 2025), ("ticks", "tick0", "all", 2025)]}
    assert wrong | {f"{wide['id']}.lower", f"{wide['id']}.upper"} <= differs
    numbers = {name.split(".")[0] for name in differs}
    assert numbers <= wrong | {wide["id"]} | {found["quality", f"a{k}", "middle", 2025]["id"] for k in (0, 2)}


def test_means_are_judged_in_their_own_unit(tmp_path: Path) -> None:
    """A mean of 3.2 with a standard error of 0.1 is above 3.1 with P = 0.84; no margin makes two means the same."""
    mean = {"item": "score", "statistic": "mean", "group_dim": "age", "n": 50}
    claim = {"item": "score", "group_dim": "age", "group": "young"}
    young, old = {"group": "young", "value": "3.2", "se": "0.10"}, {"group": "old", "value": "3.1", "se": "0.1"}
    level = {"claim": "a", "kind": "level", "direction": "above", "level": 3.1}
    same = {"claim": "b", "kind": "difference", "group_b": "old", "direction": "same"}
    write(tmp_path / "r", numbers=[mean | young, mean | old], claims=[claim | level, claim | same])
    (tmp_path / "r" / "report.toml").write_text('title = "T"\n')
    claims = audit_folder(tmp_path / "r").claims.set_index("claim")
    assert claims.loc["a", "p"] == pytest.approx(0.841, abs=0.02)
    assert claims.loc["b", ["verdict", "code"]].tolist() == ["not judged", "no_margin"]


def test_a_report_without_a_share_and_with_dollars_in_its_labels(tmp_path: Path) -> None:
    write(tmp_path / "r", numbers=[{"item": "calls", "statistic": "amount", "value": "-3.5"}])
    (tmp_path / "r" / "report.toml").write_text('title = "A\\nB $\\\\frac{"\n')
    audit = audit_folder(tmp_path / "r", out=tmp_path / "out")
    assert audit.ledger["status"].tolist() == ["not reproducible"]
    assert audit.summary.splitlines()[0] == "A B $\\frac{"
    assert audit.ledger.columns.is_unique
