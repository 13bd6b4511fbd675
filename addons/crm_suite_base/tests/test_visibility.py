import json
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.mail.tools.discuss import Store

from .common import ROLE, CustomerCase

PARAMETER = "crm_suite_base.visibility"
EVERYONE, TEAM, OWN = "everyone", "team", "own"


class VisibilityCase(CustomerCase):
    """A tree of teams and a customer of each of its people.

    * ``boss`` leads Above, which has ``lead`` as a member
    * ``lead`` leads Team below it, in which ``rep`` and ``mate`` work
    * ``stranger`` works in a team of his own
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(PARAMETER, False)
        cls.boss = new_test_user(cls.env, "suite_boss", f"{ROLE}sales_lead")
        cls.mate = new_test_user(cls.env, "suite_mate", f"{ROLE}sales_rep")
        cls.stranger = new_test_user(cls.env, "suite_stranger", f"{ROLE}sales_rep")
        cls.above = cls.create_team("Above", cls.boss, cls.lead)
        cls.team = cls.create_team(
            "Team", cls.lead, cls.rep | cls.mate, crm_suite_parent_id=cls.above.id
        )
        cls.far = cls.create_team("Far", cls.env["res.users"], cls.stranger)
        owners = {
            "boss": cls.boss,
            "lead": cls.lead,
            "rep": cls.rep,
            "mate": cls.mate,
            "stranger": cls.stranger,
            "nobody": cls.env["res.users"],
        }
        cls.customers = {
            name: cls._create_customer(
                name=f"Visible {name}", user_id=user.id, phone="021-5555 0101"
            )
            for name, user in owners.items()
        }
        cls.contacts = {
            name: cls._create_contact(customer, name=f"Contact of {name}")
            for name, customer in cls.customers.items()
        }
        cls.ids = [customer.id for customer in cls.customers.values()]

    @classmethod
    def create_team(cls, name, leader, members, **values):
        return cls.env["crm.team"].create(
            {
                "name": name,
                "user_id": leader.id,
                "company_id": False,
                "member_ids": [Command.set(members.ids)],
                **values,
            }
        )

    def restrict(self, **modes):
        self.env["ir.config_parameter"].set_param(PARAMETER, json.dumps(modes))

    def partners(self, user, **context):
        return self.env["res.partner"].with_user(user).with_context(**context)

    def seen(self, user, domain=()):
        """The names of the owners whose customers the user finds."""
        found = self.partners(user).search(
            Domain("id", "in", self.ids) & Domain(list(domain))
        )
        return {name for name, customer in self.customers.items() if customer in found}

    def as_user(self, user, name):
        return self.customers[name].with_user(user)

    def forget(self):
        self.env.flush_all()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestVisibilityModes(VisibilityCase):
    def test_default_is_everyone(self):
        for user in (self.rep, self.lead, self.agent, self.plain):
            self.assertEqual(self.seen(user), set(self.customers))
        rules = self.env["ir.rule"].with_context(active_test=False)
        ours = rules.search([("domain_force", "like", "user._crm_suite_%_domain(%")])
        ours -= self.env.ref("crm_suite_base.access_request_rule_own")
        # What is in a pool is claimed before it is changed, whoever sees it.
        ours -= self.env.ref("crm_suite_base.res_partner_rule_pool")
        ours -= self.env.ref("crm_suite_base.crm_lead_rule_pool")
        # A call about nothing but a lead is for who sees the lead, as the host says.
        ours -= self.env.ref("crm_suite_base.call_rule_lead")
        # Requests to a pool are for its admins and who stands in for them.
        ours -= self.env.ref("crm_suite_base.pool_request_rule_cover")
        # So is an approval for whom it concerns.
        ours = ours.filtered(lambda rule: "_approval_" not in rule.domain_force)
        self.assertGreater(len(ours), 5)
        self.assertFalse(any(ours.mapped("active")))

    def test_default_costs_nothing(self):
        """A search that is warm asks for the partners and nothing else."""
        partners = self.partners(self.rep)
        customer = self.as_user(self.rep, "stranger")

        def cost(act):
            act()
            self.env.flush_all()
            customer.invalidate_recordset()
            before = self.env.cr.sql_log_count
            act()
            return self.env.cr.sql_log_count - before

        self.assertEqual(cost(lambda: partners.search([("id", "in", self.ids)])), 1)
        self.assertEqual(cost(lambda: customer.name), 1)
        self.assertEqual(cost(lambda: customer.check_access("read")), 1)

    def test_own(self):
        self.restrict(sales_rep=OWN)
        self.assertEqual(self.seen(self.rep), {"rep"})
        self.assertEqual(self.seen(self.stranger), {"stranger"})
        # A sales lead is a sales representative, too: he is not meant.
        self.assertEqual(self.seen(self.lead), set(self.customers))

    def test_own_for_leads(self):
        self.restrict(sales_rep=OWN, sales_lead=OWN)
        self.assertEqual(self.seen(self.lead), {"lead"})

    def test_team(self):
        self.restrict(sales_rep=TEAM, sales_lead=TEAM)
        self.assertEqual(self.seen(self.rep), {"rep", "mate", "lead"})
        self.assertEqual(self.seen(self.lead), {"rep", "mate", "lead", "boss"})
        self.assertEqual(self.seen(self.boss), {"rep", "mate", "lead", "boss"})
        self.assertEqual(self.seen(self.stranger), {"stranger"})

    def test_team_of_the_customer(self):
        """A customer of a team without an owner is the team's."""
        self.restrict(sales_rep=TEAM)
        self.customers["nobody"].crm_suite_team_id = self.team
        self.assertIn("nobody", self.seen(self.rep))
        self.assertNotIn("nobody", self.seen(self.stranger))

    def test_widest_of_several_roles(self):
        self.restrict(sales_rep=OWN, agent=TEAM)
        self.rep.group_ids += self.env.ref(f"{ROLE}agent")
        self.assertEqual(self.seen(self.rep), {"rep", "mate", "lead"})

    def test_each_role(self):
        for role in ("agent", "marketer", "analyst", "data_steward"):
            with self.subTest(role=role):
                user = new_test_user(self.env, f"vis_{role}", ROLE + role)
                self.customers["nobody"].user_id = user
                implied = {"data_steward": {"analyst": OWN}}.get(role, {})
                self.restrict(**{role: OWN}, **implied)
                self.assertEqual(self.seen(user), {"nobody"})

    def test_without_a_role(self):
        """Accounting and the warehouse see everything unless they are named."""
        self.restrict(sales_rep=OWN)
        self.assertEqual(self.seen(self.plain), set(self.customers))
        self.restrict(others=OWN)
        self.assertEqual(self.seen(self.plain), set())

    def test_administrators_see_everything(self):
        admin = new_test_user(self.env, "suite_admin", f"{ROLE}admin")
        self.restrict(**dict.fromkeys(("sales_rep", "sales_manager", "analyst"), OWN))
        self.assertEqual(self.seen(admin), set(self.customers))

    def test_unreadable_setting_closes(self):
        self.env["ir.config_parameter"].set_param(PARAMETER, "{oops")
        self.assertEqual(self.seen(self.rep), {"rep"})

    def test_settings_screen(self):
        settings = self.env["res.config.settings"].create(
            {"crm_suite_visibility_sales_rep": OWN}
        )
        settings.execute()
        self.assertEqual(self.seen(self.rep), {"rep"})
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.crm_suite_visibility_sales_rep, OWN)
        settings.crm_suite_visibility_sales_rep = EVERYONE
        settings.execute()
        self.assertEqual(self.seen(self.rep), set(self.customers))
        self.assertFalse(
            self.env.ref("crm_suite_base.visibility_rule_partner_read").active
        )

    def test_other_company(self):
        """The team's customers of another company stay out of sight."""
        self.restrict(sales_rep=TEAM)
        self.customers["mate"].company_id = self._other_company()
        self.assertEqual(self.seen(self.rep), {"rep", "lead"})


@tagged("post_install", "-at_install")
class TestVisibilityEverywhere(VisibilityCase):
    """A restricted representative, by each way in which partners are read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(
            PARAMETER, json.dumps({"sales_rep": OWN})
        )
        cls.hidden = cls.customers["stranger"].with_user(cls.rep)
        cls.hidden_contact = cls.contacts["stranger"].with_user(cls.rep)
        cls.mine = cls.customers["rep"].with_user(cls.rep)

    def call(self, model, method, *args, user=None, **kwargs):
        return call_kw(
            self.env[model].with_user(user or self.rep), method, args, kwargs
        )

    def test_lists(self):
        domain = [("name", "like", "Visible %")]
        managed = [("crm_suite_lifecycle_id", "!=", False), *domain]
        for asked in (domain, managed):
            with self.subTest(domain=asked):
                rows = self.call("res.partner", "search_read", asked, ["name"])
                self.assertEqual([row["id"] for row in rows], self.mine.ids)
                page = self.call("res.partner", "web_search_read", asked, {"name": {}})
                self.assertEqual(page["length"], 1)
                self.assertEqual(self.call("res.partner", "search_count", asked), 1)
                groups = self.call(
                    "res.partner",
                    "formatted_read_group",
                    asked,
                    ["user_id"],
                    ["__count"],
                )
                self.assertEqual([g["__count"] for g in groups], [1])
                file = self.call("res.partner", "search", asked)
                self.assertEqual(file, self.mine.ids)

    def test_name_search(self):
        found = self.call("res.partner", "name_search", "Visible stranger")
        self.assertFalse(found)
        self.assertTrue(self.call("res.partner", "name_search", "Visible rep"))

    def test_reading(self):
        for partner in (self.hidden, self.hidden_contact):
            self.forget()
            with self.assertRaises(AccessError):
                self.call("res.partner", "read", partner.ids, ["name"])
            with self.assertRaises(AccessError):
                self.call("res.partner", "web_read", partner.ids, {"phone": {}})
            with self.assertRaises(AccessError):
                self.call("res.partner", "write", partner.ids, {"name": "Mine"})
            self.assertFalse(partner.has_access("read"))

    def test_contacts_follow_their_company(self):
        people = self.partners(self.rep).search([("name", "=like", "Contact of %")])
        self.assertEqual(people, self.contacts["rep"])
        self.contacts["stranger"].user_id = self.rep
        people = self.partners(self.rep).search([("name", "=like", "Contact of %")])
        self.assertEqual(people, self.contacts["rep"])

    def test_contact_who_is_a_customer_himself(self):
        """With a stage and an owner of his own he is his owner's."""
        contact = self.contacts["stranger"]
        contact.write({"crm_suite_lifecycle_id": self.stage.id, "user_id": self.rep.id})
        self.forget()
        self.assertTrue(self.hidden_contact.has_access("write"))
        self.assertFalse(self.hidden.has_access("read"))

    def test_search_through_relations(self):
        """No fishing by conditions on what cannot be seen."""
        found = self.partners(self.rep).search(
            [("child_ids.name", "=", "Contact of stranger")]
        )
        self.assertFalse(found)
        found = self.partners(self.rep).search(
            [("parent_id.name", "=", "Visible stranger")]
        )
        self.assertFalse(found)

    def test_contacts_by_what_their_customers_are(self):
        """Asking for customers alone does not hide the contacts that a condition names."""
        found = self.partners(self.rep).search(
            [
                ("crm_suite_lifecycle_id", "!=", False),
                ("child_ids.name", "=like", "Contact of %"),
            ]
        )
        self.assertEqual(found, self.mine)

    def test_order_of_a_search_by_text(self):
        self.restrict(sales_rep=TEAM)
        partners = self.partners(self.rep)
        for domain in ([], [("crm_suite_lifecycle_id", "!=", False)]):
            found = partners.search([*domain, ("name", "ilike", "visible")])
            names = found.mapped("complete_name")
            self.assertEqual(names, ["Visible lead", "Visible mate", "Visible rep"])
            found = partners.search(
                [*domain, ("name", "ilike", "visible")], order="complete_name desc"
            )
            self.assertEqual(found.mapped("complete_name"), names[::-1])
            groups = partners.formatted_read_group(
                [*domain, ("name", "ilike", "visible")],
                ["complete_name"],
                ["__count"],
                order="complete_name desc",
            )
            self.assertEqual([g["complete_name"] for g in groups], names[::-1])

    def test_export(self):
        self.rep.group_ids += self.env.ref("base.group_allow_export")
        with self.assertRaises(AccessError):
            self.call("res.partner", "export_data", self.hidden.ids, ["name"])

    def test_pages_of_the_suite(self):
        for method in ("crm_suite_360", "crm_suite_timeline", "crm_suite_structure"):
            self.forget()
            with self.subTest(method=method), self.assertRaises(AccessError):
                self.call("res.partner", method, self.hidden.id)
        with self.assertRaises(AccessError):
            self.call("res.partner", "explain", self.hidden.ids, "quality")
        self.assertTrue(self.call("res.partner", "crm_suite_360", self.mine.id))

    def test_page_of_who_belongs_to_a_hidden_company(self):
        """A subsidiary and a contact with an owner of their own: of the company above
        nothing is told, and nothing fails."""
        daughter = self._create_customer(
            name="Daughter",
            parent_id=self.customers["stranger"].id,
            user_id=self.rep.id,
        )
        contact = self.contacts["stranger"]
        contact.write({"crm_suite_lifecycle_id": self.stage.id, "user_id": self.rep.id})
        for partner in (daughter, contact):
            self.forget()
            page = self.call("res.partner", "crm_suite_360", partner.id)
            identity = page["blocks"]["identity"]
            self.assertFalse(identity["company"])
            self.assertEqual(identity["owner"]["id"], self.rep.id)
            self.assertFalse(page["blocks"]["structure"]["parent"])
            self.assertFalse(page["blocks"]["structure"]["company"])
            self.assertNotIn("Visible stranger", repr(page))
            self.forget()
            chart = self.call("res.partner", "crm_suite_structure", partner.id)
            self.assertEqual(chart["root"], partner.id)
            self.assertEqual([node["id"] for node in chart["nodes"]], partner.ids)

    def test_rows_about_hidden_customers(self):
        calls = self.env["crm.suite.call"]
        for name in ("rep", "stranger"):
            calls.create({"partner_id": self.customers[name].id, "summary": "Hello"})
            self.env["crm.suite.purchase"].create(
                {
                    "partner_id": self.customers[name].id,
                    "date": fields.Date.today(),
                    "product_name": "Thing",
                    "amount": 5,
                    "currency_id": self.env.company.currency_id.id,
                }
            )
        self.env["crm.suite.customer.member"].create(
            {"partner_id": self.hidden.id, "user_id": self.mate.id}
        )
        self.env["crm.suite.customer.metric"]._refresh(self.ids)
        self.customers["stranger"].crm_suite_lifecycle_id = self.env.ref(
            "crm_suite_base.lifecycle_stage_qualified"
        )
        self.forget()
        for model, field in (
            ("crm.suite.call", "partner_id"),
            ("crm.suite.purchase", "partner_id"),
            ("crm.suite.purchase.fact", "partner_id"),
            ("crm.suite.interaction", "commercial_partner_id"),
            ("crm.suite.customer.metric", "partner_id"),
            ("crm.suite.customer.member", "partner_id"),
            ("crm.suite.lifecycle.transition", "partner_id"),
        ):
            with self.subTest(model=model):
                rows = self.env[model].with_user(self.rep).search([])
                named = self.env[model].browse(rows.ids).sudo()[field]
                self.assertFalse(named & self.customers["stranger"])
                every = self.env[model].search([(field, "=", self.hidden.id)])
                self.assertTrue(every, "nothing to hide: the test proves nothing")
                groups = self.call(model, "formatted_read_group", [], [field])
                ids = [group[field][0] for group in groups if group[field]]
                self.assertNotIn(self.hidden.id, ids)
                with self.assertRaises(AccessError):
                    every.with_user(self.rep).check_access("read")

    def test_relations_to_hidden_customers(self):
        kind = self.env["crm.suite.relation.type"].search([], limit=1)
        relation = self.env["crm.suite.relation"].create(
            {
                "partner_id": self.mine.id,
                "related_partner_id": self.hidden.id,
                "type_id": kind.id,
            }
        )
        found = relation.with_user(self.rep).search([("id", "=", relation.id)])
        self.assertFalse(found)

    def test_funnel(self):
        """The funnel counts what the viewer sees."""
        funnel = self.env["crm.suite.lifecycle.funnel"]
        mine = sum(funnel.with_user(self.rep).search([]).mapped("customers"))
        self.assertEqual(
            mine,
            self.partners(self.rep).search_count(
                [("crm_suite_lifecycle_id", "!=", False)]
            ),
        )

    def test_segment_members(self):
        segment = self.env["crm.suite.segment"].create(
            {"name": "All of them", "kind": "static"}
        )
        segment.action_add(self.ids)
        rows = self.env["crm.suite.segment.member"].with_user(self.rep)
        members = rows.search([("segment_id", "=", segment.id)]).partner_id
        self.assertEqual(members, self.mine)
        with self.assertRaises(AccessError):
            self.call(
                "crm.suite.segment", "explain_member", segment.ids, self.hidden.id
            )

    def test_chatter(self):
        message = self.customers["stranger"].message_post(body="Secret")
        messages = self.env["mail.message"].with_user(self.rep)
        self.assertFalse(messages.search([("id", "=", message.id)]))
        with self.assertRaises(AccessError):
            self.call("mail.message", "read", message.ids, ["body"])
        with self.assertRaises(AccessError):
            self.call("res.partner", "message_post", self.hidden.ids, body="Hello")

    # === ACCESS GIVEN AND TAKEN === #

    def test_loss_is_immediate(self):
        self.customers["rep"].user_id = self.stranger
        self.forget()
        self.assertFalse(self.mine.has_access("read"))
        self.assertFalse(self.seen(self.rep))

    def test_team_change_is_immediate(self):
        self.restrict(sales_rep=TEAM)
        self.assertIn("mate", self.seen(self.rep))
        self.team.member_ids -= self.rep
        self.assertEqual(self.seen(self.rep), {"rep"})
        self.far.member_ids += self.rep
        self.assertEqual(self.seen(self.rep), {"rep", "stranger"})

    def test_tree_change_is_immediate(self):
        self.restrict(sales_lead=TEAM, sales_rep=TEAM)
        self.assertIn("rep", self.seen(self.boss))
        self.team.crm_suite_parent_id = False
        self.assertEqual(self.seen(self.boss), {"boss", "lead"})

    def test_shared(self):
        """A member reads, and writes if his line says so; it ends with the line."""
        member = self.env["crm.suite.customer.member"].create(
            {"partner_id": self.hidden.id, "user_id": self.rep.id}
        )
        self.forget()
        self.assertEqual(self.seen(self.rep), {"rep", "stranger"})
        self.assertEqual(
            self.seen(self.rep, [("crm_suite_lifecycle_id", "!=", False)]),
            {"rep", "stranger"},
        )
        self.assertTrue(self.hidden_contact.has_access("read"))
        with self.assertRaises(AccessError):
            self.call("res.partner", "write", self.hidden.ids, {"ref": "x"})
        member.access = "write"
        self.call("res.partner", "write", self.hidden.ids, {"ref": "x"})
        member.unlink()
        self.forget()
        self.assertEqual(self.seen(self.rep), {"rep"})
        self.assertFalse(self.hidden_contact.has_access("read"))

    def test_nobody_lets_himself_onto_a_team(self):
        """The line is a right: it is not the one by which it is checked itself."""
        free, model = self.customers["nobody"], "crm.suite.customer.member"
        values = {"user_id": self.rep.id, "access": "write"}
        with self.assertRaises(AccessError):
            self.call(model, "create", {**values, "partner_id": free.id})
        with self.assertRaises(AccessError):
            self.call(model, "create", values, context={"default_partner_id": free.id})
        self.env["ir.default"].with_user(self.rep).set(
            model, "partner_id", free.id, user_id=True
        )
        with self.assertRaises(AccessError):
            self.call(model, "create", values)
        id_ = self.call(model, "create", {**values, "partner_id": self.mine.id})
        with self.assertRaises(AccessError):
            self.call(model, "write", [id_], {"partner_id": free.id})
        self.forget()
        self.assertEqual(self.seen(self.rep), {"rep"})

    def test_ask_and_get(self):
        """Who needs a customer asks for it; the owner grants; it is there at once."""
        (id_,) = self.call(
            "crm.suite.access.request",
            "request_access",
            "res.partner",
            self.hidden.ids,
            note="I have a deal",
        )
        request = self.env["crm.suite.access.request"].browse(id_)
        self.assertNotIn("stranger", request.with_user(self.rep).display_name)
        self.assertIn("stranger", request.with_user(self.stranger).display_name)
        request.with_user(self.stranger).action_grant()
        self.forget()
        self.assertEqual(self.seen(self.rep), {"rep", "stranger"})
        self.assertIn("stranger", request.with_user(self.rep).display_name)

    def test_what_one_enters_is_ones_own(self):
        for context in ({}, {"crm_suite_managed": True}):
            values = {"name": "Entered", "user_id": False}
            if not context:
                values["crm_suite_lifecycle_id"] = self.stage.id
            partner = self.partners(self.rep, **context).create(values)
            self.assertEqual(partner.user_id, self.rep)
            self.assertTrue(partner.has_access("write"))

    def test_no_contact_of_a_hidden_company(self):
        """The host would copy its address and terms to the contact."""
        with self.assertRaises(AccessError):
            self.partners(self.rep).create(
                {
                    "name": "Fishing",
                    "parent_id": self.hidden.id,
                    "crm_suite_lifecycle_id": self.stage.id,
                }
            )
        with self.assertRaises(AccessError):
            self.contacts["rep"].with_user(self.rep).parent_id = self.hidden.id

    def test_no_contact_of_a_hidden_company_by_default(self):
        """Also where other code has read the company before: the host asks for no
        rights to what is in memory.
        """
        values = {
            "name": "Fishing",
            "lang": "en_US",
            "crm_suite_lifecycle_id": self.stage.id,
        }
        self.assertFalse(self.hidden.sudo().company_id)
        with self.assertRaises(AccessError):
            self.partners(self.rep, default_parent_id=self.hidden.id).create(values)
        self.env["ir.default"].with_user(self.rep).set(
            "res.partner", "parent_id", self.hidden.id, user_id=True
        )
        self.assertFalse(self.hidden.sudo().company_id)
        with self.assertRaises(AccessError):
            self.partners(self.rep).create(values)

    def test_the_form_of_a_contact_names_no_hidden_company(self):
        """The host computes the name of the company as superuser."""
        shown = {"parent_id": {}, "commercial_company_name": {}}
        values = {"type": "other", "name": "Fishing"}
        partners = self.partners(self.rep)
        turned = {"parent_id": self.hidden.id, "is_company": True, **values}
        turned["company_type"] = "person"
        self.forget()
        with self.assertRaises(AccessError):
            partners.onchange(turned, ["company_type"], {"is_company": {}, **shown})
        for given in (self.hidden.id, {"id": self.hidden.id}):
            with self.subTest(given=given), self.assertRaises(AccessError):
                partners.onchange({**values, "parent_id": given}, ["parent_id"], shown)
        by_default = self.partners(self.rep, default_parent_id=self.hidden.id)
        with self.assertRaises(AccessError):
            by_default.onchange({}, [], {"type": {}, **shown})
        given = {**values, "parent_id": self.mine.id}
        answer = partners.onchange(given, ["parent_id"], shown)
        self.assertEqual(answer["value"]["commercial_company_name"], self.mine.name)
        # A contact of one's own below a company that was lost.
        contact = self.contacts["rep"]
        contact.write({"crm_suite_lifecycle_id": self.stage.id, "user_id": self.rep.id})
        self.customers["rep"].user_id = self.stranger
        self.forget()
        given = {"parent_id": self.mine.id, "function": "Buyer"}
        contact.with_user(self.rep).onchange(given, ["function"], {"function": {}})

    def test_plain_contacts_keep_no_owner(self):
        partner = self.partners(self.rep).create({"name": "Courier"})
        self.assertFalse(partner.user_id)
        self.assertTrue(partner.has_access("read"))

    def test_giving_away_in_the_form(self):
        """Who gives a customer away loses sight of it: said before, not after."""
        with self.assertRaises(UserError) as refused:
            self.call(
                "res.partner",
                "web_save",
                self.mine.ids,
                {"user_id": self.stranger.id},
                {"name": {}},
            )
        self.assertIn("Reassign", str(refused.exception))
        self.mine.activity_schedule("mail.mail_activity_data_call", user_id=self.rep.id)
        window = (
            self.env["crm.suite.reassign"]
            .with_user(self.rep)
            .with_context(active_model="res.partner", active_ids=self.mine.ids)
            .create({"user_id": self.stranger.id})
        )
        window.action_reassign()
        self.assertEqual(self.customers["rep"].user_id, self.stranger)
        self.assertEqual(self.customers["rep"].activity_ids.user_id, self.stranger)
        self.forget()
        self.assertFalse(self.mine.has_access("read"))


@tagged("post_install", "-at_install")
class TestVisibilityOfTheHost(VisibilityCase):
    """The host works on for a restricted user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(
            PARAMETER, json.dumps({"sales_rep": OWN, "sales_lead": OWN, "others": OWN})
        )
        cls.hidden = cls.customers["stranger"].with_user(cls.rep)

    def test_who_stays_reachable(self):
        vendor = self.env["res.partner"].create({"name": "Vendor", "supplier_rank": 1})
        reachable = (
            vendor
            | self.env.company.partner_id
            | self.stranger.partner_id
            | self.env.ref("base.partner_root")
        )
        for user in (self.rep, self.plain):
            found = self.partners(user, active_test=False).search(
                [("id", "in", reachable.ids)]
            )
            self.assertEqual(found, reachable)
            self.assertTrue(reachable.with_user(user).has_access("read"))

    def test_company_that_is_a_customer(self):
        company = self._other_company()
        company.partner_id.crm_suite_lifecycle_id = self.stage
        self.assertTrue(company.partner_id.with_user(self.rep).has_access("read"))

    def test_colleague_who_is_a_customer(self):
        self.mate.partner_id.crm_suite_lifecycle_id = self.stage
        self.assertTrue(self.mate.partner_id.with_user(self.rep).has_access("read"))
        users = self.env["res.users"].with_user(self.rep)
        self.assertTrue(users.search([("id", "=", self.mate.id)]))

    def test_portal_user(self):
        """Customers with a login see what they always saw."""
        portal = new_test_user(self.env, "suite_portal", "base.group_portal")
        portal.partner_id.parent_id = self.customers["stranger"]
        self.forget()
        self.assertTrue(portal.partner_id.with_user(portal).read(["name"]))

    def test_accounts_of_customers(self):
        """Whoever does not see a customer does not see his account."""
        accounts = self.env["res.users"]
        for name in ("stranger", "rep"):
            contact = self.contacts[name]
            accounts |= new_test_user(
                self.env,
                f"{name}@customer.example",
                "base.group_portal",
                name=contact.name,
                partner_id=contact.id,
            )
        self.forget()
        hidden, own = accounts.with_user(self.rep)
        domain = [("id", "in", accounts.ids)]
        [row] = own.search_read(domain, ["name", "login", "email", "phone"])
        self.assertEqual(row["login"], "rep@customer.example")
        for text in ("", "Contact of", "stranger@customer.example"):
            names = own.name_search(text, domain)
            self.assertNotIn(hidden.id, dict(names))
        groups = own._read_group(domain, ["login"], ["name:array_agg"])
        self.assertEqual(groups, [(own.login, [own.name])])
        with self.assertRaises(AccessError):
            hidden.read(["login"])

    def test_order_of_a_customer_lost_since(self):
        """The form opens and the order goes on, the customer stays out of lists."""
        order = self._create_order(
            self.customers["rep"], confirm=False, user_id=self.rep.id
        )
        self.customers["rep"].user_id = self.stranger
        self.forget()
        mine = order.with_user(self.rep)
        with Form(mine) as form:
            form.client_order_ref = "still works"
        self.forget()
        mine.action_confirm()
        self.assertEqual(order.state, "sale")
        partner = self.customers["rep"].with_user(self.rep)
        self.forget()
        self.assertEqual(partner.read(["name"])[0]["name"], "Visible rep")
        self.assertTrue(partner.has_access("read"))
        self.assertFalse(self.seen(self.rep))
        for method in ("crm_suite_360", "crm_suite_timeline"):
            with self.assertRaises(AccessError):
                getattr(self.partners(self.rep), method)(partner.id)
        with self.assertRaises(AccessError):
            partner.write({"name": "Mine"})
        message = self.customers["rep"].message_post(body="Secret")
        found = (
            self.env["mail.message"]
            .with_user(self.rep)
            .search([("id", "=", message.id)])
        )
        self.assertFalse(found)

    def test_asking_from_a_document(self):
        """The form of a customer reached by a document offers to ask for it."""
        self._create_order(self.customers["rep"], user_id=self.rep.id)
        self.customers["rep"].user_id = self.stranger
        self.forget()
        partner = self.customers["rep"].with_user(self.rep)
        self.assertTrue(partner.crm_suite_is_hidden)
        self.assertFalse(
            self.customers["lead"].with_user(self.lead).crm_suite_is_hidden
        )
        action = partner.action_crm_suite_ask_access()
        window = (
            self.env[action["res_model"]]
            .with_user(self.rep)
            .with_context(**action["context"])
            .create({"note": "My order"})
        )
        answer = window.action_ask()
        self.assertIn(self.stranger.name, answer["params"]["message"])
        request = self.env["crm.suite.access.request"].search([], limit=1)
        self.assertEqual(request.res_id, partner.id)
        request.with_user(self.stranger).action_grant()
        self.forget()
        self.assertFalse(partner.crm_suite_is_hidden)

    def test_address_of_an_order(self):
        """The contact of an order is reached with its company, other contacts not."""
        order = self._create_order(self.contacts["rep"], user_id=self.rep.id)
        other = self._create_contact(self.customers["rep"], name="Other")
        self.customers["rep"].user_id = self.stranger
        self.forget()
        self.assertTrue(order.with_user(self.rep).partner_id.name)
        self.assertTrue(self.customers["rep"].with_user(self.rep).has_access("read"))
        self.assertFalse(other.with_user(self.rep).has_access("read"))

    def test_no_document_opens_a_customer(self):
        """Nobody reads a customer by writing a document about it."""
        hidden = self.customers["stranger"]
        with self.assertRaises(AccessError) as refused:
            self.env["crm.lead"].with_user(self.rep).create(
                {"name": "Fishing", "partner_id": hidden.id}
            )
        self.assertIn("belongs to somebody else", str(refused.exception))
        with self.assertRaises(AccessError):
            self.env["sale.order"].with_user(self.rep).create({"partner_id": hidden.id})
        lead = self.env["crm.lead"].with_user(self.rep).create({"name": "Plain"})
        with self.assertRaises(AccessError):
            lead.partner_id = hidden.id
        order = (
            self.env["sale.order"]
            .with_user(self.rep)
            .create({"partner_id": self.customers["rep"].id})
        )
        with self.assertRaises(AccessError):
            order.partner_shipping_id = self.contacts["stranger"].id

    def test_documents_do_not_vouch_for_each_other(self):
        """Two that name the same customer, written at once."""
        order = {
            "partner_id": self.customers["rep"].id,
            "partner_shipping_id": self.hidden.id,
        }
        values = {
            "partner_id": self.hidden.id,
            "order_ids": [Command.create(order)],
        }
        leads = self.env["crm.lead"].with_user(self.rep)
        with self.assertRaises(AccessError):
            leads.create({"name": "Fishing", **values})
        lead = leads.create({"name": "Plain", "type": "opportunity"})
        with self.assertRaises(AccessError):
            lead.write(values)
        self.forget()
        self.assertFalse(self.hidden.has_access("read"))

    def test_bank_accounts_of_hidden_customers(self):
        """For who sees the customer; by a document only as far as it is worked with."""
        accounts = self.env["res.partner.bank"]
        own, other = accounts.create(
            [
                {"partner_id": self.customers[name].id, "acc_number": f"6222 {name}"}
                for name in ("rep", "stranger")
            ]
        )
        asked = [("id", "in", (own | other).ids)]
        self.forget()
        self.assertEqual(accounts.with_user(self.rep).search(asked), own)
        self.assertFalse(
            accounts.with_user(self.rep).search([("acc_number", "=", "6222 stranger")])
        )
        with self.assertRaises(AccessError):
            other.with_user(self.rep).read(["acc_holder_name"])
        self.assertEqual(own.with_user(self.rep).acc_holder_name, "Visible rep")
        for user in (self.agent, self.stranger):
            self.assertIn(other, accounts.with_user(user).search(asked))
        self._create_order(self.customers["stranger"], user_id=self.rep.id)
        self.forget()
        self.assertEqual(other.with_user(self.rep).acc_number, "6222 stranger")
        self.assertTrue(other.with_user(self.rep).has_access("read"))
        self.assertFalse(other.with_user(self.rep).has_access("write"))
        self.assertEqual(accounts.with_user(self.rep).search(asked), own)

    def test_invoice_of_ones_order(self):
        order = self._create_order(self.customers["rep"], user_id=self.rep.id)
        order.order_line.qty_delivered = 1
        self.customers["rep"].user_id = self.stranger
        self.forget()
        # Who may not post invoices prepares them: the host does it as superuser.
        invoice = order.with_user(self.rep)._create_invoices()
        self.assertEqual(invoice.partner_id, self.customers["rep"])

    def test_no_form_that_is_filled_in_tells_of_a_customer(self):
        """The host computes contact data of a lead as superuser."""
        self.restrict(sales_rep=OWN)
        hidden, mine = self.customers["stranger"], self.customers["rep"]
        leads = self.env["crm.lead"].with_user(self.rep)
        shown = {"partner_id": {}, "phone": {}}
        with self.assertRaises(AccessError):
            leads.onchange({"partner_id": hidden.id}, ["partner_id"], shown)
        with self.assertRaises(AccessError):
            leads.with_context(default_partner_id=hidden.id).onchange({}, [], shown)
        answer = leads.onchange({"partner_id": mine.id}, ["partner_id"], shown)
        self.assertIn("5555", answer["value"]["phone"])
        links = self.env["payment.link.wizard"].with_user(self.rep)
        values = {"res_model": "sale.order", "res_id": 1, "amount": 1}
        with self.assertRaises(AccessError):
            links.create({**values, "partner_id": hidden.id})
        link = links.create({**values, "partner_id": mine.id})
        with self.assertRaises(AccessError):
            link.partner_id = hidden

    def test_lead_form(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "Deal",
                "partner_id": self.customers["rep"].id,
                "user_id": self.rep.id,
                "type": "opportunity",
            }
        )
        self.customers["rep"].user_id = self.stranger
        self.forget()
        with Form(lead.with_user(self.rep)) as form:
            form.name = "Deal, renamed"
        self.assertEqual(lead.name, "Deal, renamed")

    def test_followers_and_chatter_of_documents(self):
        """A hidden customer may follow a document; its chatter stays readable."""
        order = self._create_order(self.customers["rep"], user_id=self.rep.id)
        order.message_subscribe(self.customers["stranger"].ids)
        order.with_context(mail_create_nosubscribe=True).message_post(
            body="Hello", author_id=self.customers["stranger"].id
        )
        self.forget()
        mine = order.with_user(self.rep)
        self.assertTrue(mine.message_follower_ids.mapped("display_name"))
        self.assertTrue(mine.message_ids.mapped("preview"))
        mine.message_post(body="Answer", message_type="comment")

    def _followers(self, record):
        followers = self.env["mail.followers"].with_user(self.rep)
        return followers.search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )

    def test_followers_tell_nothing_of_hidden_customers(self):
        """What the host reads as superuser to show who follows."""
        hidden = self.customers["stranger"]
        hidden.email = "hidden@customer.example"
        self.customers["rep"].email = "mine@customer.example"
        order = self._create_order(self.customers["rep"], user_id=self.rep.id)
        order.message_subscribe((hidden | self.customers["rep"]).ids)
        self.forget()
        followers = self._followers(order)
        mine = followers.filtered(lambda f: f.partner_id == self.customers["rep"])
        names = ["display_name", "name", "email", "partner_id"]
        told = followers.read(names)
        told += followers.web_read(
            {
                **{name: {} for name in names},
                "partner_id": {"fields": {"display_name": {}}},
            }
        )
        told += followers._read_group([("id", "in", followers.ids)], ["name", "email"])
        store = Store().add(
            order.with_user(self.rep), [], as_thread=True, request_list=["followers"]
        )
        store.add(followers)
        told.append(store.get_result())
        self.assertNotIn(hidden.name, repr(told))
        self.assertNotIn("hidden@", repr(told))
        self.assertIn("mine@customer.example", repr(told))
        self.assertIn("Somebody", repr(told))
        for domain in (
            [("name", "ilike", "Visible")],
            [("email", "ilike", "customer.example")],
            [("display_name", "ilike", "Visible")],
        ):
            self.assertEqual(
                followers.search([("id", "in", followers.ids), *domain]), mine, domain
            )
        # Who sees the customer sees who follows.
        told = followers.with_user(self.stranger).read(["name", "email"])
        self.assertIn("hidden@customer.example", repr(told))

    def test_a_customer_of_ones_document_is_named_among_its_followers(self):
        order = self._create_order(self.customers["rep"], user_id=self.rep.id)
        order.message_subscribe(self.customers["rep"].ids)
        self.customers["rep"].user_id = self.stranger
        self.forget()
        told = self._followers(order).read(["name", "partner_id"])
        self.assertIn("Visible rep", repr(told))

    def test_nobody_puts_a_hidden_customer_on_a_document(self):
        lead = self.env["crm.lead"].with_user(self.rep).create({"name": "Fishing"})
        hidden = self.customers["stranger"]
        lead.message_subscribe((hidden | self.customers["rep"]).ids)
        followed = self._followers(lead).sudo().partner_id
        self.assertNotIn(hidden, followed)
        self.assertIn(self.customers["rep"], followed)

    def test_participants_tell_nothing_of_hidden_customers(self):
        hidden = self.customers["stranger"]
        hidden.email = "hidden@customer.example"
        now = fields.Datetime.now()
        people = hidden | self.stranger.partner_id
        meeting = self.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": now,
                "stop": now,
                "user_id": self.stranger.id,
                "partner_ids": [Command.set(people.ids)],
            }
        )
        self.forget()
        attendees = meeting.attendee_ids.with_user(self.rep)
        names = ["common_name", "display_name", "email", "phone", "partner_id"]
        told = attendees.read(names)
        told += attendees._read_group(
            [("id", "in", attendees.ids)], ["common_name", "email", "phone"]
        )
        for secret in (hidden.name, "hidden@", "5555"):
            self.assertNotIn(secret, repr(told))
        self.assertIn(self.stranger.name, repr(told))
        for domain in (
            [("common_name", "ilike", "Visible")],
            [("display_name", "ilike", "Visible")],
            [("email", "ilike", "hidden@")],
            [("phone", "ilike", "5555")],
        ):
            self.assertFalse(attendees.search(domain) & attendees, domain)
            self.assertTrue(meeting.attendee_ids.search(domain), domain)
        self.assertEqual(
            meeting.attendee_ids.mapped("common_name"), people.mapped("name")
        )

    def test_followers_cost_nothing_where_nothing_is_restricted(self):
        self.restrict()
        order = self._create_order(self.customers["rep"], user_id=self.rep.id)
        followers = self._followers(order)
        people = self.env["res.partner"].with_user(self.rep)
        self.assertFalse(people._pool_hiding() and people._crm_suite_is_restricted())
        with self.assertQueryCount(0):
            self.assertFalse(followers._crm_suite_of_hidden())

    def test_plan_an_activity(self):
        self.customers["rep"].with_user(self.rep).activity_schedule(
            "mail.mail_activity_data_call", user_id=self.rep.id
        )

    def test_new_order_form(self):
        with Form(self.env["sale.order"].with_user(self.rep)) as form:
            form.partner_id = self.customers["rep"].with_user(self.rep)
        self.assertTrue(form.record.partner_shipping_id)


@tagged("post_install", "-at_install")
class TestAsksForCustomers(VisibilityCase):
    """Which searches are known to be for customers only: the fast way."""

    def test_domains(self):
        from ..models.res_partner_visibility import asks_for_customers

        stage = "crm_suite_lifecycle_id"
        for domain in (
            [(stage, "!=", False)],
            [("name", "ilike", "x"), (stage, "!=", False)],
            [(stage, "in", [1, 2])],
            [(stage, "=", 1)],
            [(stage + ".code", "=", "lead")],
            [(stage + ".code", "in", ("lead", "loyal"))],
        ):
            with self.subTest(domain=domain):
                self.assertTrue(asks_for_customers(Domain(domain)))
        for domain in (
            [],
            [("name", "ilike", "x")],
            [(stage, "=", False)],
            [(stage, "in", [1, False])],
            [(stage, "not in", [1])],
            [(stage, "!=", 1)],
            ["|", (stage, "!=", False), ("name", "=", "x")],
            ["!", (stage, "!=", False)],
            [(stage + ".code", "!=", "lead")],
            [(stage + ".code", "not in", ["lead"])],
            [(stage + ".code", "in", ["lead", False])],
        ):
            with self.subTest(domain=domain):
                self.assertFalse(asks_for_customers(Domain(domain)))

    def test_both_ways_find_the_same(self):
        self.restrict(sales_rep=TEAM)
        managed = Domain("crm_suite_lifecycle_id", "!=", False)
        for user in (self.rep, self.mate, self.stranger):
            partners = self.partners(user)
            fast = partners.search(managed & Domain("id", "in", self.ids))
            slow = partners.search(Domain("id", "in", self.ids))
            self.assertEqual(fast, slow)

    def test_context_of_a_client_opens_nothing(self):
        self.restrict(sales_rep=OWN)
        for key in (
            "crm_suite_customers_only",
            "crm_suite_by_text",
            "crm_suite_fetching",
            "crm_suite_strict",
        ):
            found = self.partners(self.rep, **{key: True}).search(
                [("id", "in", self.ids)]
            )
            self.assertEqual(found, self.customers["rep"])
            self.forget()
            with self.assertRaises(AccessError):
                self.partners(self.rep, **{key: True}).browse(
                    self.customers["stranger"].id
                ).read(["name"])


@tagged("post_install", "-at_install")
class TestVisibilityOfCover(VisibilityCase):
    """Who stands in for a colleague sees his customers for that time, no longer."""

    def test_cover(self):
        self.restrict(sales_rep=OWN)
        now = fields.Datetime.now()
        absence = self.env["crm.suite.absence"].create(
            {
                "user_id": self.stranger.id,
                "date_from": now - timedelta(hours=1),
                "date_to": now + timedelta(days=3),
                "cover_id": self.rep.id,
            }
        )
        self.assertEqual(self.seen(self.rep), {"rep"})
        absence.action_request()
        self.assertEqual(self.seen(self.rep), {"rep", "stranger"})
        request = (
            self.env["crm.suite.access.request"]
            .with_user(self.mate)
            ._request(self.customers["stranger"], "claim")
        )
        todo = self.env["crm.suite.todo"].with_user(self.rep)
        (source,) = todo.crm_suite_todo("access_requests")["sources"]
        self.assertEqual([row["id"] for row in source["rows"]], request.ids)
        self.assertTrue(request.with_user(self.rep).can_decide)
        absence.sudo().write({"cover_followups_id": self.mate.id})
        self.assertEqual(self.seen(self.rep), {"rep"})
        self.assertEqual(self.seen(self.mate), {"mate", "stranger"})
        absence.sudo().write({"cover_followups_id": False})
        self.assertEqual(self.seen(self.rep), {"rep", "stranger"})
        # Who covers for nobody does not ask each time.
        with self.assertQueryCount(0):
            self.assertFalse(self.mate._crm_suite_covered_ids("followups"))
        absence.sudo().write({"date_to": now - timedelta(minutes=1)})
        self.assertEqual(self.seen(self.rep), {"rep"})
        self.assertFalse(
            request.with_user(self.rep).search([("id", "in", request.ids)])
        )
