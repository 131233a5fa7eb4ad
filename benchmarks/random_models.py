"""Random models on random surveys, the odd ones most: ``python -m benchmarks.random_models --cases N --seed S``.

Empty cells, one cell, one level, areas and levels nobody answered for, counts of zero, n of a million; every outcome
and every term. Each case is simulated, fitted and estimated in a process that may end: it must pass the gate, be said
not to have passed, or be refused in words. Anything else (a bare exception, a warning, a crash, no end within the time
limit) is a fault, and makes the command fail. A case is known by seed and number, and can be run alone.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import navmodels as nav

ROOT = Path(__file__).parents[1]
LIMIT = 60  # seconds of work for one case
GOOD = ("passed", "unconverged", "refused")
AREAS = {"n1": ["n2"], "n2": ["n1", "n3"], "n3": ["n2", "n4"], "n4": ["n3"], "i1": [], "s1": ["s2"], "s2": ["s1"]}
SIZES: dict[str, tuple[int, ...]] = {
    "none": (0,), "few": (0, 0, 1, 2), "ones": (1,), "some": (5, 20, 200), "odd": (0, 1, 1000), "huge": (10**6,),
}  # fmt: skip


def main(argv: list[str] | None = None) -> Counter[str]:
    """Run the cases, print each fault and how many ended how, and return these numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.random_models", description=__doc__)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--limit", type=int, default=LIMIT, help="seconds for one case")
    parser.add_argument("--inside", action="store_true", help="run the cases in this process, one line of JSON each")
    asked = parser.parse_args(argv)
    if asked.inside:
        run_cases(asked.seed, range(asked.first, asked.cases), limit=asked.limit)
        return Counter()
    found: Counter[str] = Counter()
    for case in watched(asked.seed, range(asked.first, asked.cases), limit=asked.limit):
        found[case["end"]] += 1
        if case["end"] not in GOOD:
            print(json.dumps(case), flush=True)
    print(", ".join(f"{end}: {number}" for end, number in sorted(found.items())))
    return found


def watched(seed: int, cases: range, *, limit: int = LIMIT) -> Iterator[dict[str, Any]]:
    """Yield how each case ended; a process that ended with one is followed by another."""
    first = cases.start
    while first < cases.stop:
        numbers = [f"--seed={seed}", f"--first={first}", f"--cases={cases.stop}", f"--limit={limit}"]
        command = [sys.executable, "-m", "benchmarks.random_models", "--inside", *numbers]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            for line in process.stdout or ():
                yield json.loads(line)
                first += 1
        if first < cases.stop:
            end = "no end" if process.returncode in (-signal.SIGALRM, -signal.SIGPROF) else "crash"
            yield {"case": first, "end": end, "seed": seed, "code": process.returncode, "model": _shown(seed, first)}
            first += 1


def run_cases(seed: int, cases: range, *, limit: int = LIMIT) -> None:
    """Run cases one after another and print how each ended; the process ends when one takes too long."""
    warnings.simplefilter("error")
    run_case(0, -1)  # what has to be compiled is
    for number in cases:
        signal.setitimer(signal.ITIMER_PROF, limit)  # of its own work; nobody handles it: the process ends
        signal.alarm(10 * limit)  # asleep or on a busy machine
        start = time.process_time()
        found = run_case(seed, number)
        print(json.dumps({**found, "seconds": round(time.process_time() - start, 1)}), flush=True)
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.alarm(0)


def run_case(seed: int, number: int) -> dict[str, Any]:
    """Return how a case ended: passed, unconverged, refused, or fault with the last lines of what was raised."""
    case: dict[str, Any] = {"case": number, "seed": seed}
    try:
        model, survey, by = random_case(seed, number)
        case["model"] = repr(model)
        case["cells"] = survey.cells.sizes["cell"]
        with warnings.catch_warnings():  # what data say of a prior is no fault
            warnings.simplefilter("ignore", nav.PriorConflictWarning)
            fit = nav.fit(model, survey, engine="laplace", draws=250, seed=number + 1)
        fit["log_likelihood"][model.outcome.observed].to_numpy()
        table = nav.summarise(nav.estimate(fit, by=by, scale=_scale(model)), allow_unconverged=True)
        if not np.isfinite(table[["mean", "lower", "upper"]].to_numpy()).all() and not fit.attrs["unconverged"]:
            return {**case, "end": "fault", "why": "an estimate that is not finite passed the gate"}
    except (ValueError, TypeError) as error:
        if type(error) is np.linalg.LinAlgError or not _is_ours(error):
            return {**case, "end": "fault", "why": _last(error)}
        return {**case, "end": "refused", "why": str(error)}
    except Exception as error:
        return {**case, "end": "fault", "why": _last(error)}
    return {**case, "end": "unconverged" if fit.attrs["unconverged"] else "passed", "why": fit.attrs["unconverged"]}


def random_case(seed: int, number: int) -> tuple[nav.Model, nav.Survey, list[str]]:
    """Return the model and the survey of a case, and the factors to estimate by.

    Examples
    --------
    >>> model, survey, by = random_case(0, -1)
    >>> model.factors
    ('g',)
    """
    if number < 0:
        table = pd.DataFrame({"g": list("ABC"), "k": [1, 2, 3], "n": 5})
        group = nav.Model(nav.Share(), nav.Group("g"))
        return group, nav.Survey.from_counts(table, by="g", positive="k", n="n"), ["g"]
    rng = np.random.default_rng([seed, number])
    factors = _factors(rng)
    cells = _cells(factors, rng)
    kind = str(rng.choice(["share", "rating", "ratings by", "choice", "percent", "mean", "interval"]))
    outcome = _outcome(kind, list(factors), rng)
    survey = _survey(kind, cells, list(factors), rng)
    if rng.random() < 0.2:
        name = str(rng.choice(list(factors)))
        if len(survey.levels[name]) > 1:
            survey = survey.drop(**{name: survey.levels[name][int(rng.integers(len(survey.levels[name])))]})
    reach = 300.0 if kind == "mean" else 1.5
    model = nav.Model(outcome, *_terms(list(factors), rng), intercept_scale=reach)
    by = [name for name in model.factors if rng.random() < 0.5]
    return model, survey, by


# ---- inside


def _factors(rng: np.random.Generator) -> dict[str, list[Any]]:
    """Return the levels of some factors."""
    every: dict[str, list[Any]] = {
        "g": [f"g{i}" for i in range(int(rng.choice([2, 3, 8, 25])))],
        "h": list("xyz")[: int(rng.integers(2, 4))],
        "year": sorted(rng.choice(np.arange(2000, 2012), int(rng.integers(2, 6)), replace=False).tolist()),
        "x": np.round(rng.normal(0, rng.choice([0.1, 1.0, 40.0]), int(rng.integers(2, 9))), 2).tolist(),
        "area": sorted(rng.choice(list(AREAS), int(rng.integers(1, 8)), replace=False).tolist()),
    }
    if rng.random() < 0.1:
        every = {name: levels[:1] for name, levels in every.items()}
    asked = rng.permutation(list(every))[: int(rng.integers(1, 4))]
    return {str(name): sorted(set(every[str(name)])) for name in asked}


def _cells(factors: dict[str, list[Any]], rng: np.random.Generator) -> pd.DataFrame:
    """Return some of the combinations of levels, with n and a share of yes."""
    cells = pd.MultiIndex.from_product(list(factors.values()), names=list(factors)).to_frame(index=False)
    most = min(len(cells), int(rng.choice([1, 6, 30, 30, 120, 120])))
    cells = cells.iloc[np.sort(rng.permutation(len(cells))[:most])].reset_index(drop=True)
    sizes = SIZES[str(rng.choice(list(SIZES)))]
    share = float(rng.choice([0.0, 0.02, 0.5, 0.7, 1.0]))
    return cells.assign(n=rng.choice(sizes, len(cells)), share=np.clip(share + rng.normal(0, 0.1, len(cells)), 0, 1))


def _survey(kind: str, cells: pd.DataFrame, by: list[str], rng: np.random.Generator) -> nav.Survey:
    n, share = cells["n"].to_numpy(), cells["share"].to_numpy()
    population = None
    if rng.random() < 0.3:  # with combinations nobody answered for
        levels = [cells[name].unique() for name in by]
        population = pd.MultiIndex.from_product(levels, names=by).to_frame(index=False).assign(weight=1.0)
    if kind == "share":
        table = cells[by].assign(n=n, k=rng.binomial(n, share))
        return nav.Survey.from_counts(table, by=by, positive="k", n="n", population=population)
    if kind in ("rating", "ratings by", "choice"):
        size = int(rng.integers(2, 6))
        p = rng.dirichlet(np.full(size, float(rng.choice([0.1, 1.0, 10.0]))))
        names = [f"c{i}" for i in range(size)]
        counts = pd.DataFrame(rng.multinomial(n, p), columns=names)
        return nav.Survey.from_counts(
            pd.concat([cells[by], counts], axis=1), by=by, counts=names, categories=range(1, size + 1),
            ordered=kind != "choice", population=population,
        )  # fmt: skip
    if kind == "mean":
        mean, se = 100 * float(rng.choice([0.0, 1.0])) + rng.normal(0, 3, len(cells)), rng.choice([0.1, 2.0, 50.0])
        table = cells[by].assign(mean=mean, se=se)
        return nav.Survey.from_report(table, by=by, estimate="mean", se="se", unit="identity", digits=3)
    table = cells[by].assign(share=np.round(100 * share), n=np.maximum(n, int(rng.random() < 0.9)))
    if rng.random() < 0.8:  # else what cannot print so is refused
        table["share"] = np.round(100 * np.round(share * table["n"]) / table["n"].where(table["n"] > 0, 1))
    if kind == "percent":
        effect = float(rng.choice([1.0, 1.0, 1.7]))
        return nav.Survey.from_report(table, by=by, estimate="share", n="n", design_effect=effect)
    half = int(rng.integers(1, 9))
    table = table.assign(lower=np.maximum(table["share"] - half, 0), upper=np.minimum(table["share"] + half, 100))
    return nav.Survey.from_report(table, by=by, estimate="share", lower="lower", upper="upper")


def _outcome(kind: str, factors: list[str], rng: np.random.Generator) -> Any:
    if kind == "ratings by":
        return nav.Rating(by=str(rng.choice(factors)))
    simple: dict[str, Any] = {"share": nav.Share, "rating": nav.Rating, "choice": nav.Choice}
    return simple.get(kind, nav.Reported)()


def _terms(factors: list[str], rng: np.random.Generator) -> list[Any]:
    """Return none, some or many terms of the factors."""
    terms: list[Any] = []
    if "area" in factors and rng.random() < 0.8:
        terms.append(nav.Region("area", neighbours=AREAS))
    if "year" in factors:
        terms += [nav.Trend("year", order=int(rng.integers(1, 3)))] if rng.random() < 0.7 else []
        others = [name for name in factors if name not in ("year", "x")]
        if others and rng.random() < 0.3:
            terms.append(nav.Trend("year", by=others[0], order=int(rng.integers(1, 3))))
    if "x" in factors and rng.random() < 0.7:
        terms.append(nav.Effect("x", numeric=True))
    for name in ("g", "h"):
        if name in factors and rng.random() < 0.8:
            terms.append(nav.Effect(name) if rng.random() < 0.3 else nav.Group(name, scale=_prior(rng)))
    if len(factors) > 1 and rng.random() < 0.5:
        both = [str(name) for name in rng.permutation(factors)[: int(rng.integers(2, len(factors) + 1))]]
        if not any(getattr(term, "by", None) and set(term.factors) == set(both) for term in terms):
            terms.append(nav.Group(*both, scale="structured" if rng.random() < 0.2 else _prior(rng)))
    return terms


def _prior(rng: np.random.Generator) -> Any:
    return rng.choice(np.array([0.5, 2.0, nav.HalfCauchy(0.5), nav.Exponential(1.0), nav.HalfStudentT(0.5)], object))


def _scale(model: nav.Model) -> str:
    return "response" if isinstance(model.outcome, nav.Choice) or model.outcome.base == "intercept" else "linear"


def _is_ours(error: BaseException) -> bool:
    """Return whether an error was raised by navmodels itself, not by what it calls."""
    return "navmodels" in traceback.extract_tb(error.__traceback__)[-1].filename


def _last(error: BaseException) -> str:
    return " | ".join(line.strip() for line in traceback.format_exception(error)[-3:])[-900:]


def _shown(seed: int, number: int) -> str:
    """Return the model of a case that did not end, so that a reader need not run it."""
    try:
        return repr(random_case(seed, number)[0])
    except Exception as error:
        return repr(error)


if __name__ == "__main__":
    sys.exit(int(bool(set(main()) - set(GOOD))))
