"""What a request is about, in one line, wherever requests are listed.

Nobody should have to open a document to see about whom and how much he is asked. The
lines of a whole page cost the same few queries as one.
"""

from odoo import api, fields, models


class ApprovalMixin(models.AbstractModel):
    _inherit = "crm.suite.approval.mixin"

    def _approval_about(self):
        """One line about each document: for an order, its customer and amount. Hook.

        Called on documents that the user may read, with his rights; one that names what
        the document points to reads it for all of them at once.

        :rtype: dict[int, str]
        """
        return {}


class ApprovalRequest(models.Model):
    _inherit = "crm.suite.approval.request"

    about = fields.Char(compute="_compute_about", compute_sudo=False)

    @api.depends("res_model", "res_id", "key", "effect", "parent_id.effect")
    @api.depends_context("uid", "lang", "allowed_company_ids")
    def _compute_about(self):
        # The columns of the engine; what they lead to is read as the user.
        asked = self.sudo()
        asked.fetch(["res_model", "res_id", "key", "effect", "parent_id"])
        documents, wanted = self._describe_documents(), asked._describe_wanted()
        for request in self:
            row = request.sudo()
            parts = (documents.get((row.res_model, row.res_id)), wanted.get(row.id))
            about = " · ".join(part for part in parts if part)
            request.about = about or row._describe_step()

    def _describe_documents(self):
        """What the models say about the documents that the user may read.

        :rtype: dict[tuple[str, int], str]
        """
        found = {}
        for name, rows in self.sudo().grouped("res_model").items():
            model = self.env.get(name)
            if not hasattr(model, "_approval_about") or not model.has_access("read"):
                continue
            ids = rows.mapped("res_id")
            documents = model.with_context(active_test=False).search(
                [("id", "in", ids)]
            )
            texts = documents._approval_about() if documents else {}
            found.update({(name, id_): text for id_, text in texts.items()})
        return found

    def _describe_wanted(self):
        """The new values that wait: they belong to the request, not to the document.

        :rtype: dict[int, str]
        """
        found = {}
        rows = self.filtered(lambda r: r._get_proposed())
        for name, group in rows.grouped("res_model").items():
            if name not in self.env:
                continue
            documents = self.env[name].sudo().browse(group.mapped("res_id")).exists()
            named = self._name_wanted(documents, group)
            for request in group.filtered(lambda r, d=documents: r.res_id in d.ids):
                document = documents.browse(request.res_id)
                document = document.with_prefetch(documents.ids)
                found[request.id] = ", ".join(
                    self._describe_value(document, field, value, named)
                    for field, value in request._get_proposed().items()
                    if field in document._fields
                )
        return found

    def _name_wanted(self, documents, rows):
        """The names of what the new values point to, a query for each model.

        :return: names by model and id
        :rtype: dict[str, dict[int, str]]
        """
        ids = {}
        for request in rows:
            for name, value in request._get_proposed().items():
                field = documents._fields.get(name)
                if value and field is not None and field.type == "many2one":
                    ids.setdefault(field.comodel_name, set()).add(value)
        return {
            model: {r.id: r.display_name for r in self.env[model].browse(some).exists()}
            for model, some in ids.items()
        }

    def _describe_value(self, document, name, value, named):
        field, label = document._fields[name], document._approval_label(name)
        if field.type == "many2one":
            return f"{label} → {named.get(field.comodel_name, {}).get(value, '–')}"
        if field.relational:
            return label
        return f"{label} → {document._approval_text(name, value)}"

    def _describe_step(self):
        """The step of the document that waits, where it says no more about itself."""
        start, _colon, method = (self.key or "").partition(":")
        if start != "method" or self.res_model not in self.env:
            return False
        return self.env[self.res_model]._approval_steps().get(method, False)


class ApprovalTask(models.Model):
    _inherit = "crm.suite.approval.task"

    about = fields.Char(compute="_compute_about", compute_sudo=False)

    @api.depends("request_id.about")
    @api.depends_context("uid", "lang", "allowed_company_ids")
    def _compute_about(self):
        # Whoever sees the task sees its request.
        tasks = self.sudo()
        tasks.fetch(["request_id"])
        asked = tasks.request_id.with_env(self.env)
        lines = dict(zip(asked.ids, asked.mapped("about"), strict=True))
        for task in self:
            task.about = lines.get(task.sudo().request_id.id)
