"""The table of what terms are worth: which models it compares, and that differences are to the whole model."""

import re

from benchmarks import batteries


def test_each_variant_differs_from_the_whole_model_by_what_its_name_says():
    models = {name: [term.label for term in model.terms] for name, model in batteries.variants().items()}
    whole = models.pop(batteries.WHOLE)
    for name, labels in models.items():
        less, more = set(whole) - set(labels), set(labels) - set(whole)
        if name.startswith("without "):
            assert (less, more) == ({name.removeprefix("without ")}, set())
        elif name.startswith("with "):
            assert (less, len(more)) == (set(), 1)
        else:
            assert (less, more) == ({"item:group:year"}, {"item:year", "item:group"})


def test_differences_are_to_the_whole_model(monkeypatch, tmp_path):
    sizes = {}

    def evidence(model, part, shares):
        sizes[len(part.cells)] = None
        return -100.0 - len(model.terms)

    monkeypatch.setattr(batteries, "evidence", evidence)
    monkeypatch.setattr(batteries, "whole_row", lambda part, shares: {"shares": str(len(part.cells))})
    text = batteries.main(["--out", str(tmp_path / "table.md"), "--variants", "2"])
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == text + "\n"
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert rows[0][1:] == ["six-point items (99 shares)", "answers to tick (67 shares)"]
    assert rows[2:4] == [["whole model", "-105.0", "-105.0"], ["without battery", "1.0", "1.0"]]
    assert rows[6:] == [["six-point items", "99"], ["answers to tick", "67"]]
    assert re.search(r"both kinds has -105\.0, two have -210\.0", text)
    assert set(sizes) == {99, 67, 166}
