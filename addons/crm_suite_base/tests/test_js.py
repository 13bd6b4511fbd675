from odoo.tests import HttpCase, no_retry, tagged


def _is_not_a_test_report(message):
    return "[HOOT]" not in message


@tagged("post_install", "-at_install")
class TestJs(HttpCase):
    """Runs the unit tests of this addon's own client components."""

    @no_retry
    def test_components(self):
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            f"&id={self._suite_id('@crm_suite_base')}",
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=_is_not_a_test_report,
        )

    def _suite_id(self, name):
        """The test runner's own hash of a suite's name."""
        value = 0
        for char in name:
            value = ((value << 5) - value + ord(char)) & 0xFFFFFFFF
        return f"{value:08x}"
