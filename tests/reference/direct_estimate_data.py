"""Simulate the respondents that direct_estimate.R and tests/data/test_direct.py share; nobody was asked.

Run from the repository's root: python tests/reference/direct_estimate_data.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

rng = np.random.default_rng(20241)
n = 200
county = rng.choice(["Oslo", "Troms", "Vestland"], size=n, p=[0.55, 0.12, 0.33])
sector = rng.choice(["private", "public"], size=n, p=[0.7, 0.3])
weight = np.round(rng.lognormal(sigma=0.5, size=n) * np.where(county == "Troms", 0.6, 1.1), 4)
weight[[17, 102, 150]] = 0.0  # as after trimming: such rows count in some of R's numbers and not in others
score = np.clip(np.round(rng.normal(4.1 + 0.4 * (sector == "public") - 0.2 * weight, 1.2), 1), 1, 6)
frame = pd.DataFrame({"county": county, "sector": sector, "weight": weight, "score": score})
frame["satisfied"] = (frame["score"] >= 4).astype(int)
frame.to_csv(Path(__file__).with_name("direct_estimate_simulated.csv"), index=False)
