import base64

from odoo import api, models

FILE_NAME = "展会名片.csv"
# Cards of a trade fair; on one the address was misread.
CARDS = """编号,名称,电话,邮箱,城市
FAIR-01,苏州启明传感技术有限公司,0512-67891201,info@qiming-sensor.example,苏州
FAIR-02,无锡恒测自动化设备有限公司,0510-85231102,office@hengce.example,无锡
FAIR-03,宁波远航仪表有限公司,0574-87651203,sales@yuanhang.example,宁波
FAIR-04,合肥微讯电子有限公司,0551-63541204,contact@weixun.example,合肥
FAIR-05,南通海拓电机有限公司,0513-85121205,hello@haituo.example,南通
FAIR-06,嘉兴新越精密机械有限公司,0573-82211206,xinyue.example,嘉兴
"""


class CrmSuiteDemo(models.AbstractModel):
    """Work with many records at once: an import, an edit, a reassignment, an export."""

    _inherit = "crm.suite.demo"

    @api.model
    def _build_data_work(self):
        """Bring in the cards of a fair and give them to the people of the region."""
        batches = self.env["crm.suite.import.batch"]
        if batches.search_count([("file_name", "=", FILE_NAME)], limit=1):
            return False
        builder = self._quietly()
        imported = builder._import_cards()
        builder._edit_cards(imported)
        builder._hand_over_cards(imported)
        builder._export_cards(imported)
        return True

    @api.model
    def _as(self, name):
        """The builder as one of the demo people, who are asked for their rights."""
        user = self._demo_user(name)
        return self.with_user(user).with_context(lang=user.lang, tz=user.tz)

    @api.model
    def _import_cards(self):
        """Import the cards; the bad row stays on the list of the refused ones."""
        batch = (
            self._as("sun_li")
            .env["crm.suite.import.batch"]
            .create(
                {
                    "file": base64.b64encode(CARDS.encode("gb18030")),
                    "file_name": FILE_NAME,
                    "default_country_id": self.env.ref("base.cn").id,
                }
            )
        )
        batch.action_run()
        rows = batch.row_ids.filtered(lambda row: row.state == "created")
        return self.env["res.partner"].browse(rows.mapped("res_id"))

    @api.model
    def _edit_cards(self, imported):
        """What the list of customers does when several lines are edited at once."""
        imported = imported.with_env(self._as("sun_li").env)
        imported.web_save({"crm_suite_size": "20_99"}, {})

    @api.model
    def _hand_over_cards(self, imported):
        """Give the imported customers to one of the sales team."""
        owner = self._demo_user("li_na")
        reassign = (
            self._as("chen_jing")
            .env["crm.suite.reassign"]
            .with_context(active_model="res.partner", active_ids=imported.ids)
            .create(
                {
                    "user_id": owner.id,
                    "team_id": self.env.ref("crm_suite_base.crm_team_east_demo").id,
                    "reason": "名片客户归华东区跟进",
                }
            )
        )
        reassign.action_reassign()

    @api.model
    def _export_cards(self, imported):
        """Take the same customers out again, as the log of exports notes it."""
        exports = self._as("chen_jing").env["crm.suite.export"]
        export = exports._prepare_export(
            "res.partner",
            [("id", "in", imported.ids)],
            ["name", "ref", "phone", "email", "city"],
            "xlsx",
        )
        export._download().close()
