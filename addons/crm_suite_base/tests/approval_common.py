from datetime import timedelta

from odoo import Command, fields
from odoo.tests import new_test_user

from .common import ROLE, CustomerCase


def chain(*nodes, **edges):
    """A graph whose nodes follow each other between start and end."""
    everything = [
        {"id": "start", "type": "start", "name": "Start"},
        *nodes,
        {"id": "end", "type": "end", "name": "End"},
    ]
    return {
        "schema": 1,
        "nodes": everything,
        "edges": [
            {"id": f"e{number}", "from": one["id"], "to": two["id"]}
            for number, (one, two) in enumerate(
                zip(everything, everything[1:], strict=False)
            )
        ],
    }


def make_story_order(env, user, discount=0, **values):
    """The quotation of a tour: one product at 1,000 for a customer of ``user``."""
    customer = env["res.partner"].create(
        {
            "name": "Story Customer",
            "is_company": True,
            "user_id": user.id,
            "crm_suite_lifecycle_id": env.ref("crm_suite_base.lifecycle_stage_lead").id,
        }
    )
    product = env["product.product"].create(
        {"name": "Story Product", "type": "service", "list_price": 1000}
    )
    line = {"product_id": product.id, "discount": discount}
    return env["sale.order"].create(
        {
            "partner_id": customer.id,
            "user_id": user.id,
            "order_line": [Command.create(line)],
            **values,
        }
    )


class ApprovalCase(CustomerCase):
    """Orders with more than 15 % discount wait for the leader of the team, then for
    finance. The rep is in a team that the lead leads."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.suite.approval.flow"].sudo().search([]).action_switch_off()
        cls.finance = new_test_user(
            cls.env, "suite_finance", f"{ROLE}analyst", tz="Asia/Shanghai"
        )
        cls.boss = new_test_user(cls.env, "suite_boss", f"{ROLE}sales_manager")
        cls.admin = new_test_user(cls.env, "suite_admin", f"{ROLE}admin")
        cls.top_team = cls.env["crm.team"].create(
            {"name": "Top", "user_id": cls.boss.id, "company_id": False}
        )
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Approval team",
                "user_id": cls.lead.id,
                "company_id": False,
                "crm_suite_parent_id": cls.top_team.id,
                "member_ids": [Command.set((cls.rep | cls.lead).ids)],
            }
        )
        cls.Flow = cls.env["crm.suite.approval.flow"]
        cls.Request = cls.env["crm.suite.approval.request"]
        cls.Task = cls.env["crm.suite.approval.task"]
        cls.flow = cls._create_flow()

    @classmethod
    def ask(cls, node_id, *users, **values):
        return {
            "id": node_id,
            "type": "approval",
            "name": node_id.title(),
            "approvers": [{"by": "users", "user_ids": [u.id for u in users]}],
            "mode": "any",
            **values,
        }

    @classmethod
    def _default_graph(cls):
        return chain(
            cls.ask(
                "leader",
                approvers=[{"by": "manager", "level": 1}],
                may_add=True,
                may_transfer=True,
                return_to="start",
            ),
            cls.ask(
                "finance",
                cls.finance,
                watch=[{"field": "max(lines.discount)", "worse": "higher"}],
                may_transfer=True,
                return_to="start",
            ),
        )

    @classmethod
    def _create_flow(cls, graph=None, publish=True, **values):
        flow = cls.Flow.create(
            {
                "name": "Discounts",
                "model_id": cls.env["ir.model"]._get("sale.order").id,
                "company_id": False,
                "start": "method",
                "start_method": "action_confirm",
                "start_domain": "[('order_line.discount', '>', 15)]",
                "graph": graph or cls._default_graph(),
                **values,
            }
        )
        if publish:
            flow.action_publish()
        return flow

    @classmethod
    def _order(cls, discount=18.0, price=1000.0, **values):
        order = cls._create_order(
            cls.customer, price=price, confirm=False, team_id=cls.team.id, **values
        )
        order.order_line.discount = discount
        return order

    def run_cron(self, name):
        """Run a scheduled action of ours as the host does."""
        with self.enter_registry_test_mode():
            self.env.ref(f"crm_suite_base.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def confirm(self, order, user=None):
        result = order.with_user(user or self.rep).action_confirm()
        self.env.flush_all()
        self.env.invalidate_all()
        return result

    def held(self, discount=18.0, **values):
        """An order that waits for the leader."""
        order = self._order(discount, **values)
        self.confirm(order)
        return order, order.crm_suite_approval_id

    def task(self, request, user):
        return self.Task.search(
            [
                ("request_id", "=", request.id),
                ("user_id", "=", user.id),
                ("state", "=", "open"),
            ]
        ).with_user(user)

    def decide(self, request, user, decision="agree", comment="Because", **kw):
        task = self.task(request, user)
        self.assertEqual(len(task), 1, f"{user.login} holds no task")
        task.action_decide(decision, comment, **kw)
        self.env.flush_all()
        self.env.invalidate_all()
        return task

    def let_pass(self, request, hours=24 * 14):
        """Let so much time have passed since everything that happened."""
        shift = timedelta(hours=hours)
        position = request.position
        for rows in (position["visits"], position["tasks"]):
            for row in rows.values():
                for name in ("since", "due", "remind"):
                    if row.get(name):
                        moment = fields.Datetime.to_datetime(row[name]) - shift
                        row[name] = fields.Datetime.to_string(moment)
        request.write({"position": position, "next_tick": request.next_tick - shift})
        for task in request.task_ids.filtered("due_at"):
            task.write({n: task[n] - shift for n in ("due_at", "opened_at")})
        self.env.flush_all()

    def holders(self, request):
        request.invalidate_recordset()
        return request.holder_ids.mapped("login")

    def cover(self, user, cover):
        """Somebody is away for some days; another one decides in his place."""
        now = fields.Datetime.now()
        self.env["crm.suite.absence"].create(
            {
                "user_id": user.id,
                "date_from": now - timedelta(hours=1),
                "date_to": now + timedelta(days=3),
                "cover_approvals_id": cover.id,
            }
        ).action_request()
