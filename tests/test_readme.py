"""What the README tells an administrator to install is what the addon asks for."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_python_packages(name):
    manifest = ast.literal_eval(
        (ROOT / "addons/crm_suite_base/__manifest__.py").read_text(encoding="utf-8")
    )
    text = (ROOT / name).read_text(encoding="utf-8")
    told = text.partition("`pip install ")[2].partition("`")[0].split()
    assert told == manifest["external_dependencies"]["python"]
