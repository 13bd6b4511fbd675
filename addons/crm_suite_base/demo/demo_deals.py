from datetime import timedelta

from odoo import api, fields, models

from . import demo_texts

# Customers in these stages have an open deal, with the pipeline stage it is in.
OPEN_DEALS = {
    "opportunity": ("crm.stage_lead3", "crm.stage_lead1"),
    "won_back": ("crm.stage_lead2",),
}
LOST_REASONS = ("crm.lost_reason_1", "crm.lost_reason_2", "crm.lost_reason_3")


class CrmSuiteDemo(models.AbstractModel):
    _inherit = "crm.suite.demo"

    @api.model
    def _build_deals(self, customers, orders):
        """Open, won and lost deals that fit the customers' orders."""
        plan = []
        for customer in customers:
            rng = self._rng(customer, "deals")
            own = orders.filtered(lambda order, c=customer: order.partner_id == c)
            plan += self._plan_open_deals(customer, rng)
            plan += self._plan_won_deals(customer, own, rng)
            plan += self._plan_lost_deals(customer, rng)
        leads = self.env["crm.lead"].create([row["values"] for row in plan])
        lost = {}
        for lead, row in zip(leads, plan, strict=True):
            for order in row.get("orders", ()):
                order.opportunity_id = lead
            if row.get("lost_reason"):
                reason = self.env.ref(row["lost_reason"])
                lost[reason] = lost.get(reason, leads.browse()) | lead
        for reason, losers in lost.items():
            losers.action_set_lost(lost_reason_id=reason.id)
        self._link_quotes(leads, orders)
        self._shift(
            "crm.lead",
            {
                lead.id: {
                    "create_date": row["start"],
                    "date_open": row["start"],
                    "date_last_stage_update": row["end"],
                    "date_closed": row["end"] if "closed" in row else None,
                }
                for lead, row in zip(leads, plan, strict=True)
            },
        )
        self._shift_messages(leads)
        self._forget_statistics(leads)

    @api.model
    def _forget_statistics(self, leads):
        """Leave the predictive scoring of the host as it was without the demo deals.

        It counted them as won and lost while they were written, and would ask for the
        figures of our teams with every lead. Its own job counts them by their dates.
        """
        self.env["crm.lead.scoring.frequency"].search(
            [("team_id", "in", leads.team_id.ids)]
        ).unlink()

    @api.model
    def _deal_values(self, customer, rng, **values):
        chinese, english, least, most = rng.choice(demo_texts.DEALS)
        contact = customer.child_ids.filtered(lambda child: not child.is_company)[:1]
        name = chinese if self._speaks_chinese(customer) else english
        return {
            "name": name,
            "type": "opportunity",
            "partner_id": (contact or customer).id,
            "user_id": customer.user_id.id,
            "team_id": customer.crm_suite_team_id.id,
            "expected_revenue": rng.randint(least * 2, most * 2) * 500,
            "priority": rng.choice(("0", "1", "1", "2", "3")),
            **values,
        }

    @api.model
    def _plan_open_deals(self, customer, rng):
        stage = customer.crm_suite_lifecycle_id.code
        stages = OPEN_DEALS.get(stage, ())
        if stage in ("loyal", "repeat") and rng.random() < 0.55:
            stages = (rng.choice(("crm.stage_lead2", "crm.stage_lead3")),)
        plan = []
        for xmlid in stages:
            start = self._moment(self._day(rng.randint(8, 70)), rng)
            moved = self._day(rng.randint(1, 7))
            plan.append(
                {
                    "start": start,
                    "end": self._moment(moved, rng),
                    "values": self._deal_values(
                        customer,
                        rng,
                        stage_id=self.env.ref(xmlid).id,
                        date_deadline=self._day(-rng.randint(-6, 75)),
                    ),
                }
            )
        return plan

    @api.model
    def _plan_won_deals(self, customer, orders, rng):
        """One won deal for the first order and one for a later big one."""
        confirmed = orders.filtered(lambda order: order.state == "sale")
        won = confirmed.sorted("date_order")[:1]
        if len(confirmed) > 2:
            won |= confirmed.sorted("amount_untaxed", reverse=True)[:1]
        plan = []
        for order in won:
            start = order.date_order - timedelta(days=rng.randint(15, 60))
            plan.append(
                {
                    "closed": True,
                    "start": start,
                    "end": order.date_order,
                    "orders": order,
                    "values": self._deal_values(
                        customer,
                        rng,
                        stage_id=self.env.ref("crm.stage_lead4").id,
                        expected_revenue=order.amount_untaxed,
                        probability=100,
                        date_deadline=order.date_order.date(),
                    ),
                }
            )
        return plan

    @api.model
    def _plan_lost_deals(self, customer, rng):
        stage = customer.crm_suite_lifecycle_id.code
        if stage not in ("lost", "dormant", "at_risk") and rng.random() > 0.15:
            return []
        end = self._moment(self._day(rng.randint(20, 300)), rng)
        return [
            {
                "closed": True,
                "start": end - timedelta(days=rng.randint(20, 80)),
                "end": end,
                "lost_reason": rng.choice(LOST_REASONS),
                "values": self._deal_values(
                    customer,
                    rng,
                    stage_id=self.env.ref("crm.stage_lead3").id,
                    date_deadline=fields.Date.to_date(end),
                ),
            }
        ]

    @api.model
    def _link_quotes(self, leads, orders):
        """An open quote belongs to the open deal of its customer."""
        quotes = orders.filtered(lambda order: order.state in ("draft", "sent"))
        for lead in leads.filtered(lambda lead: lead.active and not lead.date_closed):
            customer = lead.partner_id.commercial_partner_id
            quote = quotes.filtered(
                lambda quote, c=customer: (
                    quote.partner_id == c and not quote.opportunity_id
                )
            )[:1]
            if quote:
                quote.opportunity_id = lead
                lead.expected_revenue = quote.amount_untaxed
