"""What the addons read of host addons that they do not need: the counter, the website."""

import pathlib
import re

CLASSES = ("TestFiguresCounter", "TestTimeline")
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")


def test_point_of_sale_and_website(odoo, databases, new_database):
    name = new_database(databases.suite_template(demo=False), "more")
    odoo.work("Installing more of the host", name, "-i", "point_of_sale,website")

    # A second start, as after any installation in production.
    tags = ",".join(f"/crm_suite_base:{case}" for case in CLASSES)
    log = odoo.work("Their tests", name, "--test-tags", tags)
    text = pathlib.Path(log).read_text(errors="replace")
    [(failed, errors, count)] = RESULT.findall(text)
    assert (failed, errors) == ("0", "0"), text
    assert int(count) > 10
    assert "is not installed" not in text
