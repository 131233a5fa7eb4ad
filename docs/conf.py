"""Sphinx: pages are MyST Markdown, their code is run at every build, and a warning is an error."""

import os
from pathlib import Path

from navmodels import __version__

project = "navmodels"
author = "The navmodels developers"
copyright = "the navmodels developers, MIT licence"
release = version = __version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "sphinx.ext.mathjax"]
exclude_patterns = ["_build", "_ext"]

# pages: what the code on them prints must be true today, and it may print no warning
myst_enable_extensions = ["amsmath", "dollarmath", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 1200
nb_output_stderr = "warn"
nb_merge_streams = True
os.environ["MPLBACKEND"] = "agg"
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(Path(__file__).parent / "_ext"), os.environ.get("PYTHONPATH")])
)  # kernels find figures.py

# reference: one backtick links to what the reference describes
default_role = "py:obj"
autodoc_default_options = {"member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
add_module_names = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = "navmodels"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_show_sourcelink = False
pages = (
    *("index", "start", "start_respondents", "employer_report", "accessibility_report", "audit_your_report"),
    *("verdicts", "employer_report_nb", "accessibility_report_nb"),
    *("glossary", "examples"),
)
html_sidebars: dict[str, list[str]] = {page: [] for page in pages}
html_theme_options = {
    "logo": {"text": "navmodels"},
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "back_to_top_button": False,
}
