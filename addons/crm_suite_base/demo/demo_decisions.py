from datetime import timedelta

from odoo import Command, api, fields, models

FLOW = "crm_suite_base.approval_flow_orders_demo"
DEALS = "crm_suite_base.approval_flow_deals_demo"
# Customer, product, quantity, discount, what the people do about it.
STORY = [
    ("customer_chenghe_demo", "product_scope_bench_demo", 3, 18, ()),
    ("customer_chenyu_demo", "product_thermal_camera_demo", 2, 20, ("lead",)),
    ("customer_lanjia_demo", "product_test_chamber_demo", 1, 17, ("return",)),
    ("customer_yuqiao_demo", "product_power_supply_demo", 6, 25, ("lead", "refuse")),
    ("customer_maiyu_demo", "product_probe_set_demo", 10, 16, ("lead", "finance")),
]
# A quotation about which nobody was asked yet: the one to try it with.
TO_CONFIRM = "order_to_confirm_demo"
WATCH_DISCOUNT = {"field": "max(lines.discount)", "worse": "higher"}
PLACES = {
    "start": (0, 140),
    "discount": (160, 120),
    "lead": (600, 0),
    "finance": (860, 0),
    "amount": (1120, 120),
    "manager": (1520, 0),
    "end": (1800, 140),
}
PATHS = [
    ("start", "discount", {}),
    ("discount", "lead", {"when": "max(lines.discount) > 15"}),
    ("discount", "amount", {"default": True}),
    ("lead", "finance", {}),
    ("finance", "amount", {}),
    ("amount", "manager", {"when": "amount_total > 100000"}),
    ("amount", "end", {"default": True}),
    ("manager", "end", {}),
]


class CrmSuiteDemo(models.AbstractModel):
    """Orders that wait for people, and some about which they have decided."""

    _inherit = "crm.suite.demo"

    @api.model
    def _build_approvals(self):
        """Publish the flow of the demo company and put some orders to its people."""
        flow = self.env.ref(FLOW)
        if flow.current_version_id:
            return False
        flow.graph = self._in_demo_language()._approval_graph(
            self._demo_user("he_min"), self._demo_user("chen_jing")
        )
        teams = [
            self.env.ref(f"crm_suite_base.crm_team_{name}_demo").id
            for name in ("east", "south", "international", "china")
        ]
        flow.start_domain = str(
            [
                ("team_id", "in", teams),
                "|",
                ("order_line.discount", ">", 15),
                ("amount_total", ">", 100000),
            ]
        )
        flow.action_publish()
        for number, row in enumerate(STORY):
            self._tell_approval(*row, days=len(STORY) - number)
        self._quote_to_confirm()
        self._forget_notices(flow)
        return True

    @api.model
    def _forget_notices(self, flow):
        """Nobody is told about decisions of the past."""
        for name in ("crm.suite.approval.task", "crm.suite.approval.request"):
            self.env[name].search([("flow_id", "=", flow.id)]).notice = "sent"

    @api.model
    def _build_deal_approvals(self):
        """Publish the flow of big deals and put one of them to its people."""
        flow = self.env.ref(DEALS)
        if flow.current_version_id:
            return False
        team = self.env.ref("crm_suite_base.crm_team_east_demo")
        flow.graph = self._in_demo_language()._deal_approval_graph()
        flow.start_domain = str(
            [("team_id", "=", team.id), ("expected_revenue", ">", 200000)]
        )
        flow.action_publish()
        rep = self._demo_user("li_na")
        deal = self.env["crm.lead"].create(
            {
                "name": "自动化测试产线",
                "type": "opportunity",
                "partner_id": self.env.ref("crm_suite_base.customer_chenghe_demo").id,
                "user_id": rep.id,
                "team_id": team.id,
                "expected_revenue": 360000,
            }
        )
        # The methods that wait are guarded when all is loaded, not in the middle of it.
        deal.with_user(rep).crm_suite_request_approval()
        self._age_approval(deal.crm_suite_approval_id, 1)
        self._forget_notices(flow)
        return True

    @api.model
    def _deal_approval_graph(self):
        manager = self._demo_user("chen_jing").id
        nodes = [
            {
                "id": "start",
                "type": "start",
                "name": self.env._("Start"),
                "x": 0,
                "y": 20,
            },
            {
                "id": "lead",
                "type": "approval",
                "name": self.env._("Team lead"),
                "approvers": [{"by": "team_lead"}],
                "mode": "any",
                "nobody": {"by": "users", "user_ids": [manager]},
                "return_to": "start",
                "x": 200,
                "y": 0,
            },
            {"id": "end", "type": "end", "name": self.env._("End"), "x": 480, "y": 20},
        ]
        edges = [
            {"id": "e1", "from": "start", "to": "lead"},
            {"id": "e2", "from": "lead", "to": "end"},
        ]
        return {"schema": 1, "nodes": nodes, "edges": edges}

    @api.model
    def _in_demo_language(self):
        """Its people read Chinese, where that is installed.

        :rtype: crm.suite.demo
        """
        installed = dict(self.env["res.lang"].get_installed())
        return self.with_context(lang="zh_CN" if "zh_CN" in installed else "en_US")

    @api.model
    def _approval_graph(self, finance, manager):
        """What the flow of the demo company looks like.

        :param finance: who looks at the discount after the leader of the team
        :param manager: who looks at large amounts, and steps in for the leader
        :rtype: dict
        """
        nodes = [
            {"id": "start", "type": "start", "name": self.env._("Start")},
            {
                "id": "discount",
                "type": "condition",
                "name": self.env._("Discount above 15 percent?"),
            },
            self._ask_team_lead(manager),
            self._ask_finance(finance, manager),
            {
                "id": "amount",
                "type": "condition",
                "name": self.env._("More than 100 000?"),
            },
            self._ask_manager(manager),
            {"id": "end", "type": "end", "name": self.env._("End")},
        ]
        return {
            "schema": 1,
            "nodes": [
                {**node, "x": PLACES[node["id"]][0], "y": PLACES[node["id"]][1]}
                for node in nodes
            ],
            "edges": [
                {"id": f"e{number}", "from": one, "to": two, **more}
                for number, (one, two, more) in enumerate(PATHS, 1)
            ],
        }

    @api.model
    def _ask_team_lead(self, manager):
        return {
            "id": "lead",
            "type": "approval",
            "name": self.env._("Team lead"),
            "approvers": [{"by": "team_lead"}],
            "mode": "any",
            "limit": {"hours": 8, "then": "remind", "remind_every": 8},
            "nobody": {"by": "users", "user_ids": manager.ids},
            "watch": [WATCH_DISCOUNT],
            "outrank": True,
            "may_add": True,
            "may_transfer": True,
            "return_to": "start",
        }

    @api.model
    def _ask_finance(self, finance, manager):
        return {
            "id": "finance",
            "type": "approval",
            "name": self.env._("Finance"),
            "approvers": [{"by": "users", "user_ids": finance.ids}],
            "mode": "any",
            "limit": {
                "hours": 16,
                "then": "escalate",
                "escalate_to": {"by": "users", "user_ids": manager.ids},
            },
            # Whom the lead has asked already is not asked twice.
            "merge_same": True,
            "watch": [WATCH_DISCOUNT],
            "may_transfer": True,
            "return_to": "start",
        }

    @api.model
    def _ask_manager(self, manager):
        return {
            "id": "manager",
            "type": "approval",
            "name": self.env._("Sales manager"),
            "approvers": [{"by": "users", "user_ids": manager.ids}],
            "mode": "any",
            "merge_same": True,
            "watch": [{"field": "amount_total", "worse": "higher"}],
            "return_to": "previous",
        }

    @api.model
    def _demo_user(self, name):
        return self.env.ref(f"crm_suite_base.user_{name}_demo")

    @api.model
    def _quote_to_confirm(self):
        """A quotation with 18 % discount, to be confirmed by who tries the flow."""
        order = self._quote("customer_yuqiao_demo", "product_scope_bench_demo", 2, 18)
        self.env["ir.model.data"]._update_xmlids(
            [
                {
                    "xml_id": f"crm_suite_base.{TO_CONFIRM}",
                    "record": order,
                    "noupdate": True,
                }
            ]
        )

    @api.model
    def _quote(self, customer, product, quantity, discount):
        """A quotation of Li Na.

        :rtype: sale.order
        """
        return self.env["sale.order"].create(
            {
                "partner_id": self.env.ref(f"crm_suite_base.{customer}").id,
                "user_id": self._demo_user("li_na").id,
                "team_id": self.env.ref("crm_suite_base.crm_team_east_demo").id,
                "validity_date": fields.Date.today() + timedelta(days=30),
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.env.ref(f"crm_suite_base.{product}").id,
                            "product_uom_qty": quantity,
                            "discount": discount,
                        }
                    )
                ],
            }
        )

    @api.model
    def _tell_approval(self, customer, product, quantity, discount, acts, days):
        order = self._quote(customer, product, quantity, discount)
        rep = self._demo_user("li_na")
        ids = order.with_user(rep).crm_suite_request_approval()
        request = self.env["crm.suite.approval.request"].browse(ids)
        people = {"lead": "zhang_wei", "return": "zhang_wei"}
        people |= {"finance": "he_min", "refuse": "he_min"}
        says = {
            "lead": ("agree", "老客户，年底冲量，同意。"),
            "return": ("return", "请先说明竞争对手的报价。"),
            "finance": ("agree", "毛利仍在底线之上。"),
            "refuse": ("reject", "低于成本，请重新报价。"),
        }
        for act in acts:
            user = self._demo_user(people[act])
            task = request._get_tasks_of(user)
            decision, comment = says[act]
            task.with_user(user).action_decide(decision, comment)
        self._age_approval(request, days)

    @api.model
    def _age_approval(self, request, days):
        """Move a request and what happened to it some days back."""
        before = self._moment(self._day(days), self._rng(request, "approval"))
        back = fields.Datetime.now() - before
        self._shift(
            "crm.suite.approval.request",
            {request.id: {"started_at": before, "since": before}},
        )
        self._shift(
            "crm.suite.approval.event",
            {event.id: {"at": event.at - back} for event in request.event_ids},
        )
