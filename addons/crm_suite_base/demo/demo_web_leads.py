from datetime import timedelta

from odoo import api, fields, models

# Leads of the web site: company, person, country, region, expected revenue. The oldest
# come first; the last ones wait for the policy.
WEB_LEADS = (
    ("苏州锐恒自动化", "顾晓峰", "cn", "JS", 86000),
    ("宁波海曜机电", "邵敏", "cn", "ZJ", 42000),
    ("Harlow Fixings Ltd", "Tom Harlow", "uk", "", 15500),
    ("上海澄明生物", "沈佳怡", "cn", "SH", 128000),
    ("佛山启筑建材", "梁志豪", "cn", "GD", 37500),
    ("杭州云栈科技", "方圆", "cn", "ZJ", 64000),
    ("深圳飞弦电子", "陈伟业", "cn", "GD", 95000),
    ("Atelier Moreau SARL", "Claire Moreau", "fr", "", 21000),
    ("南京钟山仪表", "许志远", "cn", "JS", 53000),
    ("东莞恒锐五金", "黄婉婷", "cn", "GD", 18800),
    ("上海临港重装", "陆建华", "cn", "SH", 210000),
    ("成都锦程物流", "何雨桐", "cn", "SC", 33000),
    ("无锡太湖风电", "朱琳", "cn", "JS", 156000),
    ("广州南粤食品", "吴俊杰", "cn", "GD", 27000),
    ("Kestrel Marine Ltd", "Amy Kestrel", "uk", "", 48000),
    ("上海浦江印刷", "丁雅文", "cn", "SH", 22500),
)
ASSIGNED = 11
PER_BATCH = 3


class CrmSuiteDemo(models.AbstractModel):
    _inherit = "crm.suite.demo"

    @api.model
    def _build_assignment(self):
        """Three weeks of web leads that the policy handed out, and some that wait.

        The policy stays switched off: trying it out and switching it on is a step of
        the guide.
        """
        policy = self.env.ref("crm_suite_base.assignment_policy_web_demo")
        if self.env["crm.suite.assignment.log"].search_count(
            [("policy_id", "=", policy.id)], limit=1
        ):
            return False
        builder = self.with_company(self.env.ref("base.main_company")).with_context(
            tracking_disable=True, mail_create_nosubscribe=True, mail_notrack=True
        )
        leads = builder._build_web_leads()
        policy._publish_rules()
        for start in range(0, ASSIGNED, PER_BATCH):
            batch = leads[start : min(start + PER_BATCH, ASSIGNED)]
            policy.with_context(tracking_disable=True)._assign(batch.ids, "create")
        builder._date_assignments(policy, leads[:ASSIGNED])
        policy.accept_minutes = 240
        policy._assign(leads[ASSIGNED].ids, "create")
        return True

    @api.model
    def _build_web_leads(self):
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"{company}：网站询价"
                    if country == "cn"
                    else f"{company}: web enquiry",
                    "type": "opportunity",
                    "partner_name": company,
                    "contact_name": person,
                    "country_id": self.env.ref(f"base.{country}").id,
                    "state_id": state and self.env.ref(f"base.state_cn_{state}").id,
                    "expected_revenue": revenue,
                    "referred": "网站",
                    "user_id": False,
                    "team_id": False,
                }
                for company, person, country, state, revenue in WEB_LEADS
            ]
        )
        self._shift(
            "crm.lead",
            {
                lead.id: {
                    "create_date": self._moment(self._day(days), self._rng(lead, "web"))
                }
                for lead, days in zip(leads, self._get_ages(len(leads)), strict=True)
            },
        )
        self._forget_statistics(leads)
        return leads

    @api.model
    def _get_ages(self, count):
        """How many days ago the leads came in: three weeks, the last ones yesterday."""
        return [max(21 - 2 * number, 1) for number in range(count)]

    @api.model
    def _date_assignments(self, policy, leads):
        """Assignments a few minutes after the lead; most people wrote soon after."""
        logs = self.env["crm.suite.assignment.log"].search(
            [("policy_id", "=", policy.id), ("to_user_id", "!=", False)], order="id"
        )
        created = {lead.id: lead.create_date for lead in leads}
        dates = {}
        for number, log in enumerate(logs):
            date = created[log.res_id] + timedelta(minutes=4 + number)
            dates[log.id] = {"date": date}
            lead = leads.browse(log.res_id)
            if number % 4 == 3:
                continue  # nobody has written yet
            message = (
                lead.with_user(log.to_user_id)
                .with_context(
                    mail_notify_force_send=False, mail_create_nosubscribe=True
                )
                ._message_log(body="已致电确认需求，资料已发。", message_type="comment")
            )
            answered = date + timedelta(hours=1 + number * 2 % 9, minutes=20)
            message.date = min(answered, fields.Datetime.now())
        self._shift("crm.suite.assignment.log", dates)
        self._shift(
            "crm.lead",
            {log.res_id: {"date_open": dates[log.id]["date"]} for log in logs},
        )
