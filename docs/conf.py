"""Sphinx settings. Everything is built offline: no inventories of other projects, no remote scripts or fonts."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent / "src")]

import dayzero  # noqa: E402

project = "dayzero"
author = "The dayzero authors"
project_copyright = "The dayzero authors"
version = release = dayzero.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docstrings", "generate"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_ext", "_static", "model/assumptions", "generated/parts"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "code"
highlight_language = "none"
add_module_names = True
python_maximum_signature_line_length = 88
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False

html_theme = "pydata_sphinx_theme"
html_title = f"dayzero {version}"
html_static_path = ["_static"]
html_css_files = ["dayzero.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_sidebars = {"index": [], "search": []}
html_theme_options = {
    "logo": {"text": "dayzero"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "show_nav_level": 2,
    "navigation_depth": 3,
    "show_toc_level": 2,
    "secondary_sidebar_items": {f"{part}/**": ["page-toc"] for part in ("start", "how-to", "explanation")},
    "footer_start": ["copyright"],
    "footer_center": [],
    "footer_end": ["disclaimer"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}  # fmt: skip
templates_path = ["_templates"]
