from odoo.tests import HttpCase, new_test_user

ROLE = "crm_suite_base.group_crm_suite_"


class OnThePhone:
    """The same people with a phone in hand; mixed in before the case of the tours."""

    browser_size = "390x844"
    touch_enabled = True


class TourCase(HttpCase):
    """People in a browser: no administrators, in English, whatever the database speaks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")

    @classmethod
    def _create_people(cls, *people):
        """Users who can log in.

        :param people: login, role and name of each
        :return: generator of the users, in this order
        """
        return (
            new_test_user(
                cls.env,
                login,
                f"{ROLE}{role}",
                name=name,
                email=f"{login}@example.com",
                tz="UTC",
                lang="en_US",
                # Its first greeting would cover a phone.
                odoobot_state="disabled",
            )
            for login, role, name in people
        )
