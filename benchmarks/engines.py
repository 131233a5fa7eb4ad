"""Does the audit of a report depend on the engine? ``python -m benchmarks.engines`` writes results/engines.md.

The employer survey is audited with auto and with nuts. Statuses and verdicts should not differ; numbers differ by Monte
Carlo error, shown in standard deviations of the quantity (the width of its 95 % interval over 3.92).
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

import navmodels as nav
from benchmarks.running import machine_line
from benchmarks.tables import markdown_table, shown

RESULTS = Path(__file__).parent / "results" / "engines.md"
REPORT = "employer_2024"
FILES = {"ledger.csv": ("ours", ["status"]), "claims.csv": ("points", ["verdict", "sensitivity"])}
DECIMALS = 1  # as reasons print them


def compare_file(first: pd.DataFrame, second: pd.DataFrame, *, number: str, labels: list[str]) -> dict[str, float]:
    """Return how two tables of the same rows differ: in labels, in printed digits, and in standard deviations.

    Examples
    --------
    >>> one = pd.DataFrame({"mean": [1.0, 2.0], "lower": [0.0, 1.0], "upper": [2.0, 3.0], "status": ["a", "b"]})
    >>> other = one.assign(mean=[1.04, 2.1])
    >>> found = compare_file(one, other, number="mean", labels=["status"])
    >>> found["label differs"], found["number prints otherwise"]
    (0, 1)
    """
    moved = (first[number] - second[number]).abs()
    sd = (first["upper"] - first["lower"]) / 3.92
    ends = pd.concat([(first[end] - second[end]).abs() / sd for end in ("lower", "upper")])
    otherwise = first[number].round(DECIMALS) != second[number].round(DECIMALS)
    return {
        "rows": len(first),
        "label differs": int((first[labels].fillna("") != second[labels].fillna("")).any(axis=1).sum()),
        "modelled": int((moved > 0).sum()),
        "number prints otherwise": int((otherwise & first[number].notna()).sum()),
        "largest shift of a mean (sd)": float(np.nanmax(moved / sd)),
        "largest shift of an interval end (sd)": float(np.nanmax(ends)),
    }


def main() -> None:
    """Audit with both engines and write the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/engines"), help="folder for both ledgers")
    given = parser.parse_args()
    seconds = {}
    for engine in ("auto", "nuts"):
        start = time.perf_counter()
        nav.reproduce(REPORT, out=given.out / engine, engine=engine)
        seconds[engine] = time.perf_counter() - start
    rows = []
    for name, (number, labels) in FILES.items():
        first, second = (pd.read_csv(given.out / engine / name) for engine in ("auto", "nuts"))
        found = compare_file(first, second, number=number, labels=labels)
        rows.append({"file": name} | {key: shown(value, 3 if "sd" in key else 0) for key, value in found.items()})
    used = pd.read_csv(given.out / "auto" / "fits.csv")["engine"].value_counts().to_dict()
    text = "\n".join(
        [
            "# The employer ledger with two engines",
            "",
            machine_line(),
            "",
            f"auto took {seconds['auto']:.0f} s ({', '.join(f'{n} fits by {e}' for e, n in used.items())}), "
            f"nuts {seconds['nuts']:.0f} s.",
            "",
            markdown_table(rows),
            "",
        ]
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
