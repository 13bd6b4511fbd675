"""What the documents name is there: files, models, methods and addresses."""

import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ADDON = ROOT / "addons" / "crm_suite_base"
# Methods of the host that the contract shows in use.
OF_THE_HOST = {"search_read", "create"}
SOURCE = (".py", ".js", ".xml")


@functools.cache
def files():
    """Paths of everything that a document may name."""
    folders = (ADDON, ROOT / "setup", ROOT / "tests")
    return [
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    ]


@functools.cache
def program():
    """All that the addon is made of, without its tests and the libraries of others."""
    return "\n".join(
        path.read_text(encoding="utf-8")
        for path in ADDON.rglob("*")
        if path.suffix in SOURCE and not {"tests", "lib"} & set(path.parts)
    )


def document(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def code_in(name):
    """What stands between backticks."""
    return sorted(set(re.findall(r"`([^`\n]+)`", document(name))))


@functools.cache
def defined():
    """Names of functions and methods, in both languages, and of what is assigned."""
    forms = (r"def (\w+)\(", r"^\s*(?:async |static )*(\w+)\(.*\) \{$", r"^\s*(\w+) = ")
    return {name for form in forms for name in re.findall(form, program(), re.M)}


def is_defined(method):
    return method in OF_THE_HOST | defined()


def is_there(dotted):
    """Whether a model, or a method of a model, is there."""
    model, _dot, method = dotted.rpartition(".")
    return f'"{dotted}"' in program() or (
        f'"{model}"' in program() and is_defined(method)
    )


def test_blocks_of_the_page():
    """A block that the account may not see is absent: only the table names them all."""
    blocks = re.findall(r'"(\w+)": "_crm_suite_360_\w+"', program())
    assert "segments" in blocks
    assert not set(blocks) - set(code_in("api.md"))


@pytest.mark.parametrize("name", ["architecture.md", "api.md", "roles.md"])
def test_files(name):
    named = {
        path
        for text in code_in(name)
        for path in re.findall(r"[\w/*]+\.(?:py|js|xml|conf|sh)\b", text)
    }
    missing = [
        path
        for path in sorted(named)
        if not any(Path(known).match(path) for known in files())
    ]
    assert not missing


@pytest.mark.parametrize("name", ["architecture.md", "api.md", "roles.md"])
def test_models_and_methods(name):
    texts = code_in(name)
    dotted = {t for t in texts if re.fullmatch(r"crm\.suite\.[\w.]+", t)}
    called = {m for text in texts for m in re.findall(r"\b([a-z_]\w+)\(", text)}
    assert dotted
    assert not [text for text in sorted(dotted) if not is_there(text)]
    assert not [method for method in sorted(called) if not is_defined(method)]


def test_examples_of_calls():
    calls = set(re.findall(r'call\("([\w.]+)", "(\w+)"', document("api.md")))
    assert len(calls) > 10
    assert not [method for _model, method in sorted(calls) if not is_defined(method)]


def test_addresses():
    """Each route of the suite is in the contract, by its address or its resource."""
    routes = set(re.findall(r'"(/crm_suite/(?:api/v1/)?[\w/]+)', program()))
    told = document("api.md")
    assert {"/crm_suite/health"} <= routes
    api = {
        route.removeprefix("/crm_suite/api/v1") for route in routes if "/api/" in route
    }
    assert api
    assert not [path for path in sorted(api) if path.rstrip("/") not in told]


def test_nothing_passes_by_itself():
    """A name that is nowhere is noticed."""
    assert not is_there("crm.suite.operation.action_fly")
    assert not is_there("crm.suite.unknown")
    assert not is_defined("action_fly")
