from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

MODULE = "crm_suite_base"
ROLES = (
    "sales_rep",
    "marketer",
    "agent",
    "analyst",
    "data_steward",
    "privacy_officer",
)
ACTIONS = (
    "customer_action",
    "customer_action_mine",
    "customer_action_contacts",
    "customer_action_contacts_of",
    "customer_action_chart",
    "call_action",
    "call_action_reporting",
    "relation_action",
    "relation_action_of_customer",
)


class CustomerViewsCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(
                cls.env, f"views_{role}", f"{MODULE}.group_crm_suite_{role}"
            )
            for role in ROLES
        }
        cls.outsider = new_test_user(cls.env, "views_outsider", "base.group_user")

    def _views_of(self, action):
        views = [(view.view_id.id, view.view_mode) for view in action.view_ids]
        known = {mode for _view, mode in views}
        views += [
            (False, mode) for mode in action.view_mode.split(",") if mode not in known
        ]
        return [*views, (action.search_view_id.id, "search")]


@tagged("post_install", "-at_install")
class TestCustomerViews(CustomerViewsCase):
    def test_every_role_opens_every_view(self):
        """No view names a field or a group that some role does not have."""
        for name in ACTIONS:
            action = self.env.ref(f"{MODULE}.{name}")
            for role, user in self.users.items():
                with self.subTest(action=name, role=role):
                    model = self.env[action.res_model].with_user(user)
                    views = model.get_views(self._views_of(action))["views"]
                    self.assertTrue(all(view["arch"] for view in views.values()))

    def test_search_box_takes_short_names_and_local_numbers(self):
        """Two characters of a name are the usual search in Chinese."""
        partners = self.env["res.partner"].with_user(self.users["sales_rep"])
        customer = self.env["res.partner"].create(
            {
                "name": "玖珩仪器",
                "country_id": self.env.ref("base.cn").id,
                "phone": "0755-8699 7731",
                "crm_suite_lifecycle_id": self.env.ref(
                    f"{MODULE}.lifecycle_stage_lead"
                ).id,
            }
        )
        view = self.env.ref(f"{MODULE}.res_partner_view_search_customer")
        arch = etree.fromstring(partners.get_view(view.id, "search")["arch"])
        box = arch.xpath("//field[@name='name']")[0].get("filter_domain")
        for text in (
            "玖珩",
            "玖",
            "0755-8699 7731",
            "075586997731",
            "0755-8699",
            "(0755) 8699",
            "０７５５－８６９９",
            "+86 755 8699 7731",
            "8699 7731",
        ):
            with self.subTest(text=text):
                found = partners.search(safe_eval(box, {"self": text}))
                self.assertIn(customer, found)
        self.assertNotIn(
            customer, partners.search([("phone_mobile_search", "ilike", "86")])
        )
        self.assertNotIn(
            customer, partners.search([("phone_mobile_search", "ilike", "0756-8699")])
        )

    def test_every_filter_finds(self):
        """Each filter of the customer list is a search that the role may make."""
        view = self.env.ref(f"{MODULE}.res_partner_view_search_customer")
        for role, user in self.users.items():
            partners = self.env["res.partner"].with_user(user)
            arch = partners.get_view(view.id, "search")["arch"]
            filters = etree.fromstring(arch).xpath("//filter[@domain]")
            self.assertGreater(len(filters), 12)
            for node in filters:
                with self.subTest(role=role, filter=node.get("name")):
                    domain = safe_eval(node.get("domain"), {"uid": user.id})
                    partners.search_count(domain, limit=1)

    def test_group_bys(self):
        view = self.env.ref(f"{MODULE}.res_partner_view_search_customer")
        partners = self.env["res.partner"].with_user(self.users["sales_rep"])
        arch = partners.get_view(view.id, "search")["arch"]
        for node in etree.fromstring(arch).xpath("//filter[@context]"):
            field = safe_eval(node.get("context"))["group_by"]
            with self.subTest(group_by=field):
                partners.formatted_read_group(
                    [("crm_suite_lifecycle_id", "!=", False)], [field], ["__count"]
                )

    def test_host_views_stay_the_hosts(self):
        """A plain internal user opens contacts as before, without our fields."""
        arch = self.env["res.partner"].with_user(self.outsider).get_view(False, "form")
        self.assertNotIn("crm_suite", arch["arch"])

    def test_outsider_has_no_menu(self):
        root = self.env.ref(f"{MODULE}.crm_suite_menu_root")
        visible = self.env["ir.ui.menu"].with_user(self.outsider)._visible_menu_ids()
        self.assertNotIn(root.id, visible)
        for role, user in self.users.items():
            with self.subTest(role=role):
                visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
                self.assertIn(root.id, visible)

    def test_outsider_reads_nothing_of_ours(self):
        for model in ("crm.suite.call", "crm.suite.relation"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.outsider).search([])
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(self.outsider).search(
                [("crm_suite_lifecycle_id", "!=", False)]
            )


@tagged("post_install", "-at_install")
class TestQuickLogOffer(HttpCase):
    """The quick log is offered to those who may write calls, to nobody else."""

    def _session_info(self, *groups):
        login = f"offer_{len(self.env['res.users'].search([]))}"
        new_test_user(self.env, login, ",".join(groups))
        self.authenticate(login, login)
        return self.make_jsonrpc_request("/web/session/get_session_info", {})

    def test_offered_to_a_sales_representative(self):
        info = self._session_info(f"{MODULE}.group_crm_suite_sales_rep")
        self.assertTrue(info["crm_suite_can_log"])

    def test_not_offered_to_an_analyst(self):
        info = self._session_info(f"{MODULE}.group_crm_suite_analyst")
        self.assertFalse(info["crm_suite_can_log"])

    def test_not_offered_to_an_outsider(self):
        info = self._session_info("base.group_user")
        self.assertFalse(info["crm_suite_can_log"])
