"""Draw the plot of the README by running its first block of code: uv run python docs/images/make_readme_plot.py."""

import re
import runpy
import tempfile
from pathlib import Path

from navmodels.plots import alt_text

HERE = Path(__file__).parent
code = re.findall(r"```python\n(.*?)```", (HERE.parents[1] / "README.md").read_text(encoding="utf-8"), re.DOTALL)[0]
with tempfile.TemporaryDirectory() as folder:
    script = Path(folder) / "walk.py"
    script.write_text(code, encoding="utf-8")
    ax = runpy.run_path(str(script))["ax"]
ax.figure.savefig(HERE / "readme_plot.png", dpi=90, metadata={"Description": alt_text(ax)})
print(alt_text(ax))
