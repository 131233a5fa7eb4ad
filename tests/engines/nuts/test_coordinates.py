"""The posterior is the same in all coordinates; what makes a structure, for which a model is compiled once."""

import numpy as np
import pandas as pd
import pytest

import navmodels as nav
from navmodels.engines.nuts import sampling as nuts
from navmodels.engines.nuts.coordinates import plain_coordinates, whitened_coordinates
from navmodels.engines.nuts.graph import build_sampling_graph
from navmodels.models import designs
from navmodels.models.graph import build_graph


def survey(*, scale=1, seed=1):
    rng = np.random.default_rng(seed)
    levels = [list("ABCDE"), [2021, 2023, 2024], ["private", "public"]]
    table = pd.MultiIndex.from_product(levels, names=["county", "year", "sector"]).to_frame(index=False)
    table["n"] = np.ceil(scale * rng.integers(5, 30, len(table)))
    share = table["county"].map(dict(zip("ABCDE", [0.5, 0.6, 0.7, 0.8, 0.85], strict=True)))
    table["k"] = rng.binomial(table["n"], share)
    return nav.Survey.from_counts(table, by=["county", "year", "sector"], positive="k", n="n")


MODEL = nav.Model(
    nav.Share(), nav.Group("county"), nav.Trend("year", order=2), nav.Effect("sector"), nav.Group("county", "year")
)


@pytest.mark.usefixtures("without_numba")
@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize("coordinates", [whitened_coordinates, plain_coordinates])
def test_log_density_differs_from_the_graph_only_by_the_change_of_variables(scale, coordinates, coloured):
    design = designs.design(MODEL, survey(scale=scale))
    at = coordinates(design)
    sampled, plain = build_sampling_graph(design, at), build_graph(design)
    log_sampled, log_plain = sampled.compile_logp(), plain.compile_logp()
    rng = np.random.default_rng(3)
    gaps = []
    for _ in range(4):
        w = rng.normal(size=len(at.pull)) * 0.5
        logs = {name: rng.normal(-1.0, 0.5) for name in design.parameters}
        assert list(logs) == [block.sd for block in design.blocks if block.sd is not None]
        scales = {f"{name}_log__": np.array(value) for name, value in logs.items()}
        sds = [block.scale.fixed if block.sd is None else np.exp(logs[block.sd]) for block in design.blocks]
        z, volume = coloured(design, at, w, sds)
        point, first = {"intercept": np.array(design.intercept_scale * z[0]), **scales}, 1
        for block in design.blocks:
            point[f"{block.name}_z"] = z[first : first + block.size]
            first += block.size
        gaps.append(log_sampled({"whitened": w, **scales}) - log_plain(point) - volume)
    assert np.ptp(gaps) < 1e-7 * max(1.0, abs(gaps[0]))


@pytest.mark.parametrize("positive", [[0, 0, 0, 0], [3, 3, 3, 3], [0, 3, 0, 3], [0, 5000, 1, 2]])
def test_separated_and_lopsided_groups_have_finite_coordinates(positive):
    table = pd.DataFrame({"office": list("abcd"), "k": positive, "n": [max(3, k) for k in positive]})
    counts = nav.Survey.from_counts(table, by="office", positive="k", n="n")
    at = whitened_coordinates(designs.design(nav.Model(nav.Share(), nav.Group("office")), counts))
    assert np.isfinite(at.pull).all()
    assert np.isfinite(at.curvature).all()


def test_other_levels_or_priors_are_another_structure():
    design = [
        designs.design(nav.Model(nav.Share(), nav.Group("county", scale=scale)), part)
        for scale, part in [(0.5, survey()), (nav.HalfCauchy(0.5), survey()), (0.5, survey().drop(county="E"))]
    ]
    keys = {nuts._structure(each, {}) for each in design}
    assert len(keys) == 3
