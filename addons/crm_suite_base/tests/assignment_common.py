from odoo import Command
from odoo.tests import new_test_user

from .common import ROLE, CustomerCase


class AssignmentCase(CustomerCase):
    """A policy for leads whose description says *test*, with three reps.

    * ``ana``, ``ben`` and ``cai``: reps, members of ``policy`` in this order
    * ``manager``: may make policies
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Beside demo data: nobody but the policy of the test assigns.
        cls.env["crm.suite.assignment.policy"].search([]).sudo().state = "off"
        cls.ana, cls.ben, cls.cai = (
            new_test_user(
                cls.env, f"suite_{name}", f"{ROLE}sales_rep", tz="Asia/Shanghai"
            )
            for name in ("ana", "ben", "cai")
        )
        cls.manager = new_test_user(cls.env, "suite_manager", f"{ROLE}sales_manager")
        cls.people = cls.ana | cls.ben | cls.cai
        cls.policy = cls._create_policy()
        cls.rule = cls._create_rule(cls.policy, domain="[('referred', '=', 'TEST')]")

    @classmethod
    def _create_policy(cls, **values):
        return cls.env["crm.suite.assignment.policy"].create(
            {
                "name": "Test Policy",
                "res_model": "crm.lead",
                "sticky": False,
                "member_ids": [
                    Command.create({"user_id": user.id, "sequence": number})
                    for number, user in enumerate(cls.people)
                ],
                **values,
            }
        )

    @classmethod
    def _create_rule(cls, policy, publish=True, **values):
        rule = cls.env["crm.suite.assignment.rule"].create(
            {"name": "Test Rule", "policy_id": policy.id, **values}
        )
        if publish:
            policy._publish_rules()
        return rule

    @classmethod
    def _create_leads(cls, count=1, **values):
        return cls.env["crm.lead"].create(
            [
                {
                    "name": f"Test Lead {number}",
                    "referred": "TEST",
                    "user_id": False,
                    "team_id": False,
                    "country_id": cls.china.id,
                    **values,
                }
                for number in range(count)
            ]
        )

    def assign(self, records, policy=None, user=None):
        policy = policy or self.policy
        return policy.with_user(user or self.lead).assign(records.ids)

    def member(self, user, policy=None):
        members = (policy or self.policy).member_ids
        return members.filtered(lambda member: member.user_id == user)

    def logs(self, records):
        return self.env["crm.suite.assignment.log"].search(
            [("res_model", "=", records._name), ("res_id", "in", records.ids)],
            order="id",
        )
