"""How Sphinx builds these pages: `sphinx-build -W --keep-going -b html docs OUT`. What is built works offline."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import odebench

project = "odebench"
version = release = odebench.__version__
copyright = "the authors of odebench"

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "generated",
    "links",
    "mathml",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 60
nb_execution_in_temp = True
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
numpydoc_show_class_members = False
# a word in single backticks is code, and a link where it names something public
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", ".*"),  # of the words in single backticks most are code and nothing more
    ("py:class", r"(collections\.abc|os|pathlib|pd|sympy|numpy)\..*"),  # others' documentation is not at hand offline
    ("py:class", r"RightHandSide|ArrayLike|Arguments|odebench\.compiling\.Made"),  # names of types, for annotations
]

html_theme = "pydata_sphinx_theme"
html_title = "odebench"
html_static_path = ["_static"]
html_css_files = ["odebench.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"first-comparison": []}  # it has no rooms
html_theme_options = {
    "logo": {"text": "odebench"},
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
