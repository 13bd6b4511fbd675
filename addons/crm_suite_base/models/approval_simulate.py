from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.approval_graph import Flow
from ..tools.approval_trace import replay
from .approval_world import Desk, World
from .arguments import check_one

MOST = 2000
SHOWN = 200
DAYS = 90


class ApprovalFlow(models.Model):
    """Replay: the draft walked over real documents, before it is switched on."""

    _inherit = "crm.suite.approval.flow"

    @api.readonly
    def simulate(self, domain=None):
        """Who would have been asked if this draft had been in force; nothing is written.

        The real engine walks over the documents as they are now, as if everybody
        agreed.

        :param list domain: the documents; by default those of the last 90 days. Only
            those that start the flow are walked, at most 2 000
        :return: ``{"documents", "matched", "asked", "more": bool, "people": [{"id",
            "name", "count"}], "nodes": [{"id", "name", "asked", "auto", "nobody"}],
            "nobody": [{"id", "name", "nodes"}], "rows": [{"id", "name", "who"}]}``
        :rtype: dict
        :raise UserError: when the draft has problems
        """
        check_one(self)
        self.env["crm.suite.approval.request"]._check_role()
        self.check_access("read")
        if problems := self.check_graph():
            raise UserError(self._describe_problems(problems))
        documents = self._get_replayed(domain)
        matched = documents.sudo().filtered_domain(
            self._parse_domain(self.start_domain)
        )
        graph, desk = Flow(self.graph), Desk(self.env(su=True))
        walked = [
            (document, self._replay_one(graph, document, desk))
            for document in matched[:MOST]
        ]
        return {
            "documents": len(documents),
            "matched": len(matched),
            "more": len(matched) > MOST,
            **self._sum_up(graph, walked),
        }

    @api.model
    def _default_replay_domain(self):
        since = fields.Datetime.subtract(fields.Datetime.now(), days=DAYS)
        return [("create_date", ">=", since)]

    def _get_replayed(self, domain):
        try:
            domain = Domain(self._default_replay_domain() if domain is None else domain)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("The documents to replay: %(problem)s", problem=error)
            ) from error
        if self.company_id and "company_id" in self.env[self.res_model]._fields:
            domain &= Domain("company_id", "in", [False, self.company_id.id])
        # Through the rights of who asks: he sees names of documents here.
        return self.env[self.res_model].search(domain, order="id desc")

    def _replay_one(self, graph, document, desk):
        submitter = document.sudo()._approval_owner()
        world = World(self.env(su=True), document, submitter, desk)
        return replay(graph, world, submitter.id)

    def _sum_up(self, graph, walked):
        people, asked, auto, nobody = Counter(), Counter(), Counter(), Counter()
        rows, stuck = [], []
        users = self.env["res.users"].sudo()
        for document, result in walked:
            names = []
            for row in result["asked"]:
                if row.get("auto"):
                    auto[row["node"]] += 1
                    continue
                asked[row["node"]] += 1
                people[row["user"]] += 1
                names.append(row["user"])
            nobody.update(result["nobody"])
            name = document.display_name
            if result["nobody"]:
                nodes = [graph.name(node) for node in result["nobody"]]
                stuck.append({"id": document.id, "name": name, "nodes": nodes})
            who = " → ".join(users.browse(dict.fromkeys(names)).mapped("name"))
            rows.append({"id": document.id, "name": name, "who": who})
        return {
            "asked": sum(people.values()),
            "people": [
                {"id": user_id, "name": users.browse(user_id).name, "count": count}
                for user_id, count in people.most_common()
            ],
            "nodes": [
                {
                    "id": node_id,
                    "name": graph.name(node_id),
                    "asked": asked[node_id],
                    "auto": auto[node_id],
                    "nobody": nobody[node_id],
                }
                for node_id, node in graph.nodes.items()
                if node.get("type") in ("approval", "fill")
            ],
            "nobody": stuck[:SHOWN],
            "rows": rows[:SHOWN],
        }


class ApprovalMixin(models.AbstractModel):
    _inherit = "crm.suite.approval.mixin"

    def _approval_owner(self):
        """Who would ask about the document: its owner, or who made it.

        :rtype: res.users
        """
        self.ensure_one()
        owner = "user_id" in self._fields and self.user_id
        return owner or self.create_uid or self.env.user
