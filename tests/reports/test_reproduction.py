"""`reproduce` and `falsify` of the reports that come along, of the example, and of a folder of one's own."""

import re
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import navmodels as nav
from navmodels.reports import reproduction
from navmodels.reports.skeletons import write_skeleton

EXAMPLE = Path(__file__).parents[2] / "examples" / "my_report"
STATUSES = {"reproduced", "agrees", "differs", "input", "not reproducible"}
VERDICTS = {"stands", "leans", "open", "leans against", "fails", "not judged"}
REPORTS = pytest.mark.parametrize("report", ["employer_2024", "accessibility_2025", EXAMPLE])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    write_skeleton(tmp_path / "mine")
    return tmp_path / "mine"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"report": "employer2024"}, r"allowed: 'accessibility_2025', 'employer_2024', .*Did you mean 'employer_2024'"),
        ({"report": Path("nowhere")}, "report is 'nowhere'; allowed: .* or a folder of tables"),
        ({"lang": "nbb"}, r"lang is 'nbb'; allowed: 'en', 'nb'\. Did you mean 'nb'"),
        ({"engine": "nutz"}, r"engine is 'nutz'; allowed: 'auto', 'laplace', 'nuts'\. Did you mean 'nuts'"),
    ],
)
def test_what_does_not_exist_is_refused_before_a_folder_is_made(given: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        nav.reproduce(**{"report": "employer_2024", "out": tmp_path / "out"} | given)
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_unless_asked(mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = nav.reproduce(mine)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert ledger.attrs["summary"].startswith("Visitors 2025")
    assert set(ledger["status"]) <= STATUSES


def test_all_is_read_and_every_folder_made_before_a_model_is_fitted(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def audit(path: Path, *, out: Path, **_: object) -> None:
        made.append(sorted(each.name for each in (tmp_path / "out").iterdir()))

    monkeypatch.setattr(reproduction, "audit_folder", audit)
    folders = [tmp_path / "out" / name for name in ("mine", "employer_2024")]
    list(reproduction.audit_reports([mine, "employer_2024"], folders))
    assert made == [["employer_2024", "mine"]] * 2
    (mine / "numbers.csv").write_text("item,value\neasy,many\n")
    with pytest.raises(ValueError, match="column 'value': holds 'many'"):
        list(reproduction.audit_reports(["employer_2024", mine], [tmp_path / "a", tmp_path / "b"]))
    assert not (tmp_path / "a").exists()


def test_a_file_is_no_folder_for_results(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ValueError, match="no folder can be made there"):
        nav.reproduce(mine, out=tmp_path / "out")


@pytest.mark.parametrize(
    ("survey", "tables", "statuses", "verdicts"),
    [
        ("", {"numbers": "item,value\neasy,58\n"}, {"not reproducible": 1}, []),
        (
            "n = 20",
            {"numbers": "item,value\neasy,58\n", "groups": "group_dim,group,n,part\ng,a,10,yes\ng,b,11,yes\n"},
            {"differs": 3, "not reproducible": 1},
            [],
        ),
        (
            "n = 200\nweighted = true\ndesign_effect = \"estimate\"",  # and no interval to estimate it from
            {"numbers": "item,answer,value,n\neasy,yes,58,200\n",
             "claims": "claim,kind,item,answer,direction,level\nmost,level,easy,yes,above,50\n"},
            {"not reproducible": 3},
            ["stands"],  # 58 % of 200: 2.3 errors above one half
        ),
        (
            "n = 9",
            {"numbers": "item,answer,group_dim,group,value,n\neasy,yes,g,a,0,1\neasy,yes,g,b,100,1\n",
             "claims": "claim,kind,item,answer,group_dim,group,group_b,direction\nc,difference,easy,yes,g,b,a,up\n"},
            {"not reproducible": 5},
            ["leans"],  # one of one against none of one, Jeffreys: P = 0.905
        ),
        ("", {"numbers": "id,item,value\na,x,5\nb,y,6\n", "relations": "target,formula\na,b/0\n"}, None, []),
    ],
)  # fmt: skip
def test_the_smallest_reports(
    survey: str, tables: dict[str, str], statuses: dict[str, int] | None, verdicts: list[str], tmp_path: Path
) -> None:
    (tmp_path / "report.toml").write_text(f'title = "T"\n[surveys.visitors]\n{survey}\n', encoding="utf-8")
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    ledger = nav.reproduce(tmp_path, out=tmp_path / "out")
    assert statuses is None or ledger["status"].value_counts().to_dict() == statuses
    assert pd.read_csv(tmp_path / "out" / "claims.csv")["verdict"].tolist() == verdicts


@REPORTS
def test_every_confirmed_number_moved_out_of_its_range_is_noticed(report: str | Path) -> None:
    moved = nav.falsify(report)
    assert moved["number"].nunique() > 10
    assert moved.loc[~moved["noticed"], "number"].tolist() == []


def test_plots_and_their_descriptions_are_norwegian(tmp_path: Path) -> None:
    nav.reproduce(EXAMPLE, out=tmp_path, lang="nb")
    said = [Image.open(file).text["Description"] for file in sorted(tmp_path.glob("*.png"))]
    assert len(said) == 2
    for text in said:
        assert not {"the", "of", "with", "Lowest", "Bars", "percent", "to"} & set(re.findall(r"\w+", text)), text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("report", "numbers", "claims"), [("employer_2024", 1571, 325), ("accessibility_2025", 1121, 322)]
)
def test_audits_of_both_reports(report: str, numbers: int, claims: int, tmp_path: Path) -> None:
    ledger = nav.reproduce(report, out=tmp_path)
    assert len(ledger) == numbers == len(nav.load_report(report))
    assert set(ledger["status"]) == STATUSES
    assert (ledger["reason"].str.len() > 10).all()
    assert ledger.loc[ledger["status"] == "reproduced", "power"].min() >= 0.5
    assert len(ledger.attrs["summary"].splitlines()) <= 40

    fits = pd.read_csv(tmp_path / "fits.csv")
    assert (fits["gate"] == "passed").all()
    assert (fits["divergences"] == 0).all()

    judged = pd.read_csv(tmp_path / "claims.csv")
    assert len(judged) == claims
    assert set(judged["verdict"]) <= VERDICTS
    assert (judged["p"].isna() == (judged["verdict"] == "not judged")).all()


@pytest.mark.slow
def test_intervals_of_the_employer_report_are_reproduced() -> None:
    """All 174 intervals of shares with an n, and all 91 of means."""
    ledger = nav.reproduce("employer_2024")
    ends = ledger[(ledger["reference"] == "appendix 2") & ledger["quantity"].isin(["lower", "upper"])]
    good = ends[ends["status"] == "reproduced"].assign(of=ends["number"].str.rsplit(".", n=1).str[0])
    both = good.groupby("of").size() == 2
    means = both.index.str.endswith("_mean")
    assert (both[~means].sum(), both[means].sum()) == (174, 91)
