"""Every example runs from top to bottom without a warning, and finds what it says it finds."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

FOLDER = Path(__file__).parents[1] / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Return a function that runs an example in an empty folder and returns what it prints; a warning is an error."""
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)

    def inner(name):
        with matplotlib.rc_context({"backend": "agg"}):
            runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
            plt.close("all")
        printed, told = capsys.readouterr()
        assert not told
        return printed

    return inner


def rows(text, pattern):
    """Return the words of each line that matches from its start, leading spaces aside."""
    return [line.split() for line in text.splitlines() if re.match(rf"\s*{pattern}", line)]


def satisfaction(text):
    assert "Left out, no value printed: 2010, 2011, 2012, 2022, 2023." in text
    estimates = {int(row[0]): [float(value) for value in row[2:]] for row in rows(text, r"20\d\d +(0\.|NaN)")}
    assert sorted(estimates) == list(range(2008, 2025))
    width = {year: upper - lower for year, (_, lower, upper) in estimates.items()}
    assert width[2022] > 3 * width[2024]  # a year that is not in print is much less sure
    assert estimates[2024][0] == pytest.approx(0.86, abs=0.005)
    steps = rows(text, r"20\d\d +20\d\d ")
    assert [row[-1] for row in steps] == ["increase", "increase"]
    assert [float(row[2]) for row in steps] == pytest.approx([0.06, 0.06], abs=0.01)


def batteries(text):
    assert "91 items in 17 batteries, n from 146 to 4090." in text
    first = text.split("The eight items that move most")[1].splitlines()[2].split()
    assert first[:2] == ["aa_support_service", "146.0"]
    assert -2.5 < float(first[4]) < -1.0
    small, large = (float(value) for value in re.findall(r"(\d\.\d\d) (?:points below|from)", text))
    assert large < 0.75 < small
    assert "interval: 0 of 91 items." in text
    assert "SIMULATED DATA: simulated from the published margins of employer_2024, seed 7." in text
    gaps = rows(text.split("Public minus private")[1], r"\w+ +\d+\.0 ")
    assert len(gaps) == 13
    direct, pooled = (float(value) for value in re.findall(r"differences: (\S+) direct, (\S+) pooled", text)[0])
    assert pooled < direct / 2


def sectors(text):
    gaps = text.split("Public minus private")[1].split("Change within")[0]
    found = {(row[0], row[2]): [float(value) for value in row[3:6]] for row in rows(gaps, r"\w+ +20\d\d ")}
    assert len(found) == 7 * 3
    clear = {item for item, base in found if base == "0.5" and found[item, base][1] * found[item, base][2] > 0}
    five = {"chall_alternative_work", "contact_appointment", "contact_person_not_needed", "contact_person_yes"}
    assert clear == five | {"satisfaction_overall"}
    assert found["satisfaction_overall", "1.0"][0] == pytest.approx(0.07, abs=0.01)
    half, once, twice = (found["satisfaction_overall", base] for base in ("0.5", "1.0", "2.0"))
    assert half[2] - half[1] > once[2] - once[1] > twice[2] - twice[1]  # a larger base says more
    changes = rows(text.split("Change within")[1], r"\w+ +(public|private) ")
    assert len(changes) == 4 * 3
    assert {row[-1] for row in changes if row[0] == "assist_recruit_inclusive"} == {"increase"}
    assert {row[-1] for row in changes if row[2:4] == ["2020", "2022"]} == {"decrease"}


def counties(text):
    assert text.startswith("SIMULATED DATA: simulated from the published margins of employer_2024, seed 7.")
    errors = re.findall(r"error (\d\.\d) points direct, (\d\.\d) pooled; (\d+) %", text)
    (direct, pooled, _), (direct_cell, pooled_cell, inside) = (tuple(map(float, each)) for each in errors)
    assert pooled < direct
    assert pooled_cell < direct_cell / 2
    assert inside >= 90
    assert len(text.split("Counties, simulated")[1].strip().splitlines()) == 1 + 12


def own_table(text):
    assert "measure_organiser,83.0,29" in text
    mean, lower, upper = (float(value) for value in rows(text, "measure_organiser ")[0][1:])
    assert mean == pytest.approx(0.80, abs=0.02)
    assert (lower, upper) == pytest.approx((0.65, 0.92), abs=0.02)
    versus = text.split("Difference from municipal units")[1].split("GPs beside")[0]
    organiser, followup = (rows(versus, name)[0] for name in ("measure_organiser", "upper_secondary_followup"))
    assert float(organiser[2]) < 0 < float(followup[2])
    assert 0.9 < float(organiser[4]) < 0.975


def accessibility_benefits(text):
    satisfied, dissatisfied, difficult = text.strip().split("\n\n")
    above = r"(\w+) above (\w+): (-?\d+) points \((-?\d+) to (-?\d+)\), P = ([\d.]+)"
    for part, clear in ((satisfied, True), (dissatisfied, False), (difficult, True)):
        found = re.findall(above, part)
        assert len(found) == (3 if part is difficult else 2)
        assert [int(row[3]) > 0 for row in found] == [clear] * len(found)
    first = [float(value) for value in re.findall(r"highest: P = ([\d.]+)", text)]
    assert first == pytest.approx([0.99, 0.6, 0.99], abs=0.05)
    assert rows(satisfied, r"social_assistance \d")[0][1:3] == ["58.0", "0.76"]


def partner_types(text):
    easy = text.split("Mostly easy to reach")[1]
    assert rows(easy, "others ")[0][1] == "0.31"
    others, municipal, organiser = (
        rows(easy.split(f"Points above {name}")[1].split("\n\n")[0], r"\w+ +-?0\.\d+ ")
        for name in ("others", "municipal", "measure_organiser")
    )
    lower = {row[0]: float(row[2]) for row in others}
    assert lower["municipal"] > 0.05
    assert lower["upper_secondary_followup"] > 0.05
    assert -0.05 < lower["measure_organiser"] < 0.02
    for (row,) in (municipal, organiser):
        assert float(row[2]) < 0 < float(row[1])
    first = text.split("Probability that the type is first")[1].split("Mostly difficult")[0]
    assert float(rows(first, "upper_secondary_followup")[0][1]) == pytest.approx(2 / 3, abs=0.05)
    mean, lower_end, _, p_above = map(float, text.strip().splitlines()[-1].split())
    assert mean == pytest.approx(0.10, abs=0.02)
    assert lower_end < 0.01
    assert 0.95 < p_above < 0.99


def offices_map(text):
    assert text.count("SIMULATED: ") == 3
    _, errors, evidence, last = text.split("SIMULATED: ")
    found = [float(each) for each in re.findall(r"(?:Group|Region) +([\d.]+)", errors)]  # answering, then silent
    assert found[1] == pytest.approx(found[0], abs=0.3)
    assert found[3] < found[2] - 2
    length = [float(each) for each in re.findall(r"(?:Group|Region) +[\d.]+ +([\d.]+)", errors)]
    assert length[3] < length[2] - 5
    gain = [float(row[1]) for row in rows(evidence, r"\d ")]
    assert len(gain) == 8
    assert 1 <= sum(each > 3 for each in gain) < 4
    assert len(rows(last, r".* 0\.0 ")) == 2


def after(text, label):
    """Return the words that follow a label in the one line that starts with it."""
    (line,) = (each.strip() for each in text.splitlines() if each.strip().startswith(label))
    return line.removeprefix(label).split()


def sensitivity_benefits(text):
    table, effects = text.split("Probability by design effect")
    assert after(table, "social assistance more satisfied than no benefit")[-3:] == ["stands", "in", "all"]
    assert after(table, "disability pension the most dissatisfied")[-3:] == ["open", "in", "all"]
    assert after(table, "disability pension more dissatisfied than no benefit")[1] == "leans"
    for statement in (
        "social assistance more satisfied than both kinds",
        "AAP met by appointment more than social assistance",
        "AAP met by appointment more than both kinds",
    ):
        assert after(table, statement)[1] == "stands"
        assert "'design effect 2'" in " ".join(after(table, statement))
        small, half_more, double = map(float, after(effects, statement))
        assert 0.85 < double < 0.95
        assert double < half_more < small
        assert half_more == pytest.approx(0.95, abs=0.03)


def sensitivity_partners(text):
    table, pooled = text.split("\n\n", 1)
    for statement in ("GPs: fixed contact less often than municipal units", "organisers: most have a fixed contact"):
        assert after(table, statement)[-3:] == ["stands", "in", "all"]
    difficult = after(table, "GPs: Nav difficult more often than others")
    assert difficult[1] == "stands"
    assert 0.85 < float(difficult[4]) <= 0.95  # one answer turned; two decimals are printed, the verdict sees all
    assert "'one answer turned'" in " ".join(difficult)
    assert after(table, "organisers: Nav less easy than follow-up")[-4:] == ["depends", "on", "'no", "pooling'"]
    assert after(table, "organisers: better digital systems more than GPs")[-3:] == ["open", "in", "all"]
    elpd = [float(row[-2]) for row in rows(pooled, "gp ")]
    assert elpd == sorted(elpd)  # none, partial, complete


def sensitivity_offices(text):
    table, missing = text.split("\n\n")
    drop_in, outreach = (after(table, f"host offices: {name}") for name in ("less drop-in", "more outreach"))
    assert drop_in[:2] == ["0.96", "stands"]
    for scenario in ("'design effect 2'", "'design effect 1.5'", "'prior scales × 0.5'", "2 more"):
        assert scenario in " ".join(drop_in)
    assert outreach[1] == "leans"
    assert float(outreach[3]) < 0.95
    assert "depends on" in " ".join(outreach)
    found = rows(missing, "host offices")
    assert len(found) == 6
    assert [float(each) for each in found[0][-3:]] == pytest.approx([0.5, 0.33, 0.87], abs=0.02)


def sensitivity_changes(text):
    table, tips = text.split("\n\n")
    scenarios = {line[:20].strip(): [float(p) for p in line[20:].split()] for line in table.splitlines()[1:]}
    safe = ["as given", "design effect 1", "design effect 1.5", "design effect 2", "base of 2023 × 0.25"]
    assert min(min(scenarios[name]) for name in safe) > 0.95
    assert len(scenarios["as given"]) == 10
    lifted = scenarios["mode +0.2"]
    assert [place for place, p in enumerate(lifted[:9]) if p >= 0.95] == [0, 1, 4]
    assert lifted[9] > 0.99
    at = [float(each) for each in re.findall(r"a toss-up at ([\d.]+)", tips)]
    assert at == pytest.approx([0.17, 0.32, 0.39], abs=0.02)
    silent = [float(row[-1]) for row in rows(tips, r"\w+ (rose|fell) +0.5 ")]
    assert len(silent) == 10
    assert silent[0] == pytest.approx(-0.44, abs=0.02)


CLAIMS = {
    each.__name__: each
    for each in (
        accessibility_benefits, batteries, counties, offices_map, own_table, partner_types, satisfaction, sectors,
        sensitivity_benefits, sensitivity_changes, sensitivity_offices, sensitivity_partners,
    )
}  # fmt: skip


def test_every_example_is_checked():
    assert sorted(CLAIMS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_short_and_public(name):
    lines = (FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 80
    assert lines[:2] == ["# %% [markdown]", lines[1]]
    assert lines[1].startswith("# # ")
    assert not [line for line in lines if "navmodels." in line]  # only nav.*


@pytest.mark.sampling
@pytest.mark.parametrize("name", NAMES)
def test_an_example_finds_what_it_says(name, run):
    CLAIMS[name](run(name))


@pytest.mark.sampling
def test_an_example_runs_alone(tmp_path):
    """As the page of examples says, in a process of its own: nothing warns while the library is loaded either."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", FOLDER / "own_table.py"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        encoding="utf-8",
        env={**os.environ, "MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    own_table(done.stdout)
