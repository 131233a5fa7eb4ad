"""Which peers there are, how they are started, and county estimates of cells."""

import sys
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest

from benchmarks import peers


@pytest.fixture
def no_r(monkeypatch):
    monkeypatch.setattr(peers.shutil, "which", lambda name: None)


def answer(monkeypatch, text):
    """Let R be installed and say this about packages."""
    monkeypatch.setattr(peers.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(peers.subprocess, "run", lambda *_, **__: CompletedProcess([], 0, stdout=text))


@pytest.mark.usefixtures("no_r")
def test_without_r_only_bambi_may_be_installed(monkeypatch):
    monkeypatch.setattr(peers, "installed_version", lambda name: "0.21.0")
    assert peers.installed_peers() == {**dict.fromkeys(peers.PEERS, ""), "bambi": "0.21.0"}


def test_packages_of_r(monkeypatch):
    monkeypatch.setattr(peers, "installed_version", lambda name: "")
    answer(monkeypatch, "lme4 1.1.31 \nbrms  \njsonlite 1.8.4 \n")
    assert peers.installed_peers() == {**dict.fromkeys(peers.PEERS, ""), "lme4": "1.1.31"}
    answer(monkeypatch, "lme4 1.1.31 \n")  # no jsonlite: the programs could not write
    assert peers.installed_peers() == dict.fromkeys(peers.PEERS, "")


@pytest.mark.parametrize("name", peers.PEERS[1:])
def test_every_r_tool_has_a_program(name):
    command = peers.peer_command(name, Path("t.csv"), Path("o.json"), draws=10, chains=4, seed=1)
    assert command[0] == "Rscript"
    assert command[2:] == [str(Path("t.csv").resolve()), str(Path("o.json").resolve()), "10", "4", "1"]
    text = (peers.peer_folder(name) / command[1]).read_text()
    assert f"library({name})" in text
    assert "write_record(" in text


def test_bambi_is_a_program_here():
    command = peers.peer_command("bambi", Path("t.csv"), Path("o.json"), draws=10, chains=4, seed=1)
    assert command[:3] == [sys.executable, "-m", "benchmarks.peers"]
    assert (peers.peer_folder("bambi") / "benchmarks" / "peers.py").exists()


def test_counties_weigh_their_cells_by_respondents():
    table = pd.DataFrame({"county": ["A", "A", "B"], "n": [30, 10, 5]})
    shares = np.array([[[0.8, 0.4, 0.5], [0.6, 0.2, 0.7]]])  # one chain, two draws, three cells
    found = peers.county_moments(shares, table)
    assert found["share[A]"] == pytest.approx((0.6, np.sqrt(0.02)))  # draws 0.7 and 0.5
    assert found["share[B]"] == pytest.approx((0.6, np.sqrt(0.02)))
