"""The posterior of a design as compiled functions read it, in prior quantiles of the standard deviations.

What is sought in it, and how, is for `proposals` and `laplace`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from navmodels.engines.laplace.layouts import Cells, Layout, Part, lay_out
from navmodels.engines.laplace.thresholds import Steps, find_walls, lay_out_steps
from navmodels.likelihoods import kernels
from navmodels.models.blocks import Block
from navmodels.models.designs import Design

Array = npt.NDArray[np.float64]

FAR = 37.0  # beyond, the normal distribution has no tail in double precision
WIDEST = 1e6  # prior scales: half-Cauchy tails beyond hold 6e-7 of the prior, and rounding would swallow the rest


@dataclass(frozen=True, eq=False)
class Target:
    """The posterior of a design, as the compiled functions read it.

    Attributes
    ----------
    own, order
        Place of the block that is eliminated (None when there is none), and place and channel of the shared ones.
    steps
        Where thresholds by level stand.
    """

    design: Design
    layout: Layout
    own: int | None
    order: list[Part]
    cells: Cells
    steps: Steps

    @property
    def learned(self) -> int:
        """Number of parameters of the standard deviations."""
        return len(self.design.parameters)

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of shared and own coefficients."""
        return int(self.layout.blocks[-1, 3]), len(self.layout.start) - 1

    @property
    def names(self) -> list[str]:
        """Name of each u, and of each coefficient as laid out."""
        blocks, base = self.design.blocks, self.design.model.outcome.base
        places = [*self.order, *([] if self.own is None else [(self.own, 0)])]
        names = [[base] if place is None else _coefficients(blocks[place]) for place, _ in places]
        end = ["none"] if self.own is None else []
        return [*self.design.parameters, *(name for part in names for name in part), *end]

    def parameters(self, u: Array) -> dict[str, Array]:
        """Return the parameters of the standard deviations at points u, dims (point, learned) → (point)."""
        return {
            name: np.minimum(prior.from_normal(np.minimum(column, FAR)), WIDEST * prior.scale)
            for (name, prior), column in zip(self.design.parameters.items(), u.T, strict=True)
        }

    def block_scales(self, u: Array) -> list[Array]:
        """Return the standard deviation of each block at points u, dims (point, learned) → (point)."""
        parameters = self.parameters(u)
        return [np.broadcast_to(block.scale.of(parameters), len(u)).astype(float) for block in self.design.blocks]

    def scales(self, u: Array) -> tuple[Array, Array]:
        """Return the standard deviations of the shared blocks, dims (point, block), and of the own block."""
        every = self.block_scales(u)
        base = np.full(len(u), self.design.intercept_scale)
        own = np.zeros(len(u)) if self.own is None else every[self.own]
        return np.stack([base if place is None else every[place] for place, _ in self.order], axis=1), own

    def coefficient_scales(self, u: Array) -> Array:
        """Return the standard deviation of each coefficient as laid out, dims (point, coefficient)."""
        scale, own = self.scales(u)
        sizes = self.layout.blocks[:, 3] - self.layout.blocks[:, 2]
        return np.concatenate([np.repeat(scale, sizes, axis=1), np.repeat(own[:, None], self.sizes[1], axis=1)], axis=1)

    def start(self) -> Array:
        """Return where the search for the mode of the coefficients begins: at zero, what is common to all apart."""
        z = np.zeros(sum(self.sizes))
        common = self.design.channels.start(self.design.intercept_scale)
        z[: len(common)] = common
        return z

    def by_block(self, z: Array) -> dict[int | None, Array]:
        """Return coefficients, dims (..., coefficient) as laid out, by block's place, dims (..., coefficient, channel).

        None stands for the intercept or the thresholds.
        """
        parts: dict[int | None, list[Array]] = {}
        for (place, _), row in zip(self.order, self.layout.blocks, strict=True):
            parts.setdefault(place, []).append(z[..., row[2] : row[3]])
        if self.own is not None:
            parts[self.own] = [z[..., self.sizes[0] :]]
        return {place: np.stack(each, axis=-1) for place, each in parts.items()}


def make_target(design: Design) -> Target:
    """Return the posterior of a design as compiled functions read it."""
    outcome = design.model.outcome
    kind, table, flat = kernels.pack(outcome.kernel, design.data)
    layout, own, order = lay_out(design)
    walls, differ, softened = None, design.channels.differ, outcome.soften(design.data)
    soft = table if softened is design.data else kernels.pack(outcome.kernel, softened)[1]
    if differ:
        walls = find_walls(order, design.blocks, design.data["count"])
    for each in (table, soft):
        kernels.require_table(kind, (len(design.cells), design.channels.size), each, flat)
    steps = lay_out_steps(layout, own, order, design.blocks, table, by=differ)
    box = _boxes(outcome.boxes(design.data), layout)
    return Target(design, layout, own, order, Cells(kind, table, flat, soft, walls, box), steps)


# ---- inside


def _boxes(plateaus: tuple[Array, Array, Array] | None, layout: Layout) -> Array | None:
    """Return half-width and error of the plateau of each own level that has one cell, and that a plateau; else 0."""
    if plateaus is None:
        return None
    _, half, error = plateaus
    size = len(layout.start) - 1
    alone = np.bincount(layout.own, minlength=size)[layout.own] == 1
    out = np.zeros((size, 2))
    wide = alone & ~np.isnan(half)
    out[layout.own[wide]] = np.stack([half, error], axis=1)[wide]
    return out


def _coefficients(block: Block) -> list[str]:
    if block.basis is None:
        return [f"{block.name}_effect[{label}]" for label in block.labels]
    return [f"{block.name}_coefficient[{place}]" for place in range(block.size)]
