from odoo import api, fields, models

DEFAULT_DAYS = 180
MOST_FAILURES = 100


class ApiLog(models.Model):
    """What programs asked for and what became of it.

    Of a row that was rejected it says where and why by a code. Values are not kept: the
    program has its answer, and a log is no place for data of customers.
    """

    _name = "crm.suite.api.log"
    _description = "API Call"
    _order = "id desc"
    _rec_name = "route"

    date = fields.Datetime(required=True, readonly=True, index=True)
    key_id = fields.Many2one(
        "crm.suite.api.key",
        string="API Key",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    user_id = fields.Many2one(
        "res.users", readonly=True, index="btree_not_null", ondelete="set null"
    )
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    method = fields.Char(readonly=True)
    route = fields.Char(string="Address", readonly=True)
    remote = fields.Char(string="From", readonly=True, help="Network address.")
    status = fields.Integer(readonly=True, aggregator=None)
    code = fields.Char(string="Problem", readonly=True)
    outcome = fields.Selection(
        [
            ("done", "Done"),
            ("partly", "Some rows rejected"),
            ("refused", "Refused"),
            ("failed", "Failed"),
        ],
        readonly=True,
        index=True,
    )
    replayed = fields.Boolean(
        string="Answered Again",
        readonly=True,
        help="The program asked again with the same idempotency key; nothing was done.",
    )
    row_count = fields.Integer(string="Rows", readonly=True)
    created_count = fields.Integer(string="Created", readonly=True)
    updated_count = fields.Integer(string="Changed", readonly=True)
    unchanged_count = fields.Integer(string="Unchanged", readonly=True)
    rejected_count = fields.Integer(string="Rejected", readonly=True)
    duration = fields.Integer(string="Milliseconds", readonly=True, aggregator="avg")
    operation_id = fields.Many2one(
        "crm.suite.operation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    failures = fields.Json(readonly=True)
    failures_text = fields.Text(
        string="Rejected Rows", compute="_compute_failures_text"
    )

    @api.depends("failures")
    def _compute_failures_text(self):
        for log in self:
            log.failures_text = "\n".join(
                self.env._(
                    "Row %(row)s: %(code)s %(field)s",
                    row=failure["row"],
                    code=failure["code"],
                    field=failure["field"],
                )
                for failure in log.failures or ()
            )

    @api.model
    def _write_down(self, values, answer=None):
        """Add a call to the log.

        :param dict values: of the fields
        :param dict answer: that was given, for its counts
        """
        answer = answer or {}
        results = answer.get("results") or ()
        failures = [
            {name: result.get(name) for name in ("row", "code", "field")}
            for result in results
            if result["result"] == "rejected"
        ]
        counts = {
            f"{name}_count": answer.get(name) or int(answer.get("result") == name)
            for name in ("created", "updated", "unchanged", "rejected")
        }
        status = values["status"]
        outcome = "refused" if status < 500 else "failed"
        if status < 400:
            outcome = "partly" if failures else "done"
        # Nobody has the right to write the log.
        self.sudo().create(
            {
                "date": fields.Datetime.now(),
                "outcome": outcome,
                "operation_id": answer.get("operation_id"),
                "failures": failures[:MOST_FAILURES] or False,
                **counts,
                **values,
            }
        )

    @api.model
    def _get_days(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return int(parameters.get_param("crm_suite_base.api_log_days", DEFAULT_DAYS))

    @api.autovacuum
    def _gc_log(self):
        oldest = fields.Datetime.subtract(fields.Datetime.now(), days=self._get_days())
        # sudo: the scheduled clean-up.
        old = self.sudo().search([("date", "<", oldest)], order="id", limit=5000)
        done = len(old)
        old.unlink()
        return done, int(done == 5000)
