"""The file in which custom fields travel between databases: its form, checked.

``{"format": "crm_suite_fields", "version": 1, "sections": [{"name": {language: text},
"model", "sequence", "visible_when", "fields": [{"technical_name", "kind", "name": {…}, …}]}]}``
"""

import re

FORMAT = "crm_suite_fields"
VERSION = 1
MAX_SECTIONS = 50
MAX_FIELDS = 300
MAX_OPTIONS = 500
TEXTS = ("expression", "required_when", "visible_when", "rule")
SPOKEN = ("name", "help", "rule_message")
NAME = re.compile(r"x_crm_[a-z0-9_]{1,50}")


class PackageProblem(ValueError):
    """A file that cannot be used; ``place`` says where, e.g. ``sections[0].model``."""

    def __init__(self, place):
        super().__init__(place)
        self.place = place


def check_package(package, models, kinds):
    """Check the form of a package.

    :param models: names of models that can have fields
    :param kinds: kinds of fields
    :raise PackageProblem: at the first thing that is not as it should be
    """
    if not isinstance(package, dict) or package.get("format") != FORMAT:
        raise PackageProblem("format")
    if package.get("version") != VERSION:
        raise PackageProblem("version")
    for number, section in enumerate(_rows(package, "sections", MAX_SECTIONS, "")):
        place = f"sections[{number}]."
        _check_spoken(section, "name", place, needed=True)
        if section.get("model") not in models:
            raise PackageProblem(f"{place}model")
        if type(section.get("sequence", 0)) is not int:
            raise PackageProblem(f"{place}sequence")
        _check_text(section, "visible_when", place)
        for index, field in enumerate(_rows(section, "fields", MAX_FIELDS, place)):
            _check_field(field, kinds, f"{place}fields[{index}].")


def _rows(holder, name, limit, place):
    rows = holder.get(name)
    if not isinstance(rows, list) or len(rows) > limit:
        raise PackageProblem(f"{place}{name}")
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise PackageProblem(f"{place}{name}[{number}]")
    return rows


def _check_field(field, kinds, place):
    if not NAME.fullmatch(str(field.get("technical_name"))):
        raise PackageProblem(f"{place}technical_name")
    if field.get("kind") not in kinds:
        raise PackageProblem(f"{place}kind")
    for name in SPOKEN:
        _check_spoken(field, name, place, needed=name == "name")
    for name in (*TEXTS, "relation"):
        _check_text(field, name, place)
    if not isinstance(field.get("wide", False), bool):
        raise PackageProblem(f"{place}wide")
    if field["kind"] == "selection":
        for number, option in enumerate(_rows(field, "options", MAX_OPTIONS, place)):
            here = f"{place}options[{number}]."
            value = option.get("value")
            if not isinstance(value, str) or not 0 < len(value) <= 100:
                raise PackageProblem(f"{here}value")
            _check_spoken(option, "name", here, needed=True)


def _check_text(holder, name, place):
    value = holder.get(name)
    if value is not None and not (isinstance(value, str) and len(value) <= 2000):
        raise PackageProblem(f"{place}{name}")


def _check_spoken(holder, name, place, needed=False):
    """A text in several languages; the one in English is always there."""
    value = holder.get(name)
    if value is None and not needed:
        return
    good = isinstance(value, dict) and all(
        isinstance(text, str) and isinstance(code, str) and len(text) <= 500
        for code, text in value.items()
    )
    if not good or not value.get("en_US"):
        raise PackageProblem(f"{place}{name}")
