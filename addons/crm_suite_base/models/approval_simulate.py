from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.approval_graph import Flow
from ..tools.approval_replay import replay
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
        agreed, and over the flows within the flow.

        :param list domain: the documents; by default those of the last 90 days: made
            in them, or changed in them where a change starts the flow. Only those for
            which the flow is are walked, at most 2 000
        :return: ``{"documents", "matched", "asked", "more": bool, "unknown":
            [sentences], "people": [{"id", "name", "count"}], "nodes": [{"id", "name",
            "type", "documents", "asked", "auto", "nobody", "open"}], "walked": [edge
            ids], "nobody": [{"id", "name", "nodes"}], "rows": [{"id", "name", "who"}]}``;
            ``unknown`` says what a replay cannot know, ``open`` counts documents whose
            submitter would choose there who decides
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
            "unknown": self._get_unknown(graph),
            **self._sum_up(graph, walked),
        }

    def _get_unknown(self, graph):
        """What a replay of this flow cannot know.

        :return: sentences
        :rtype: list[str]
        """
        found = [
            self.env._(
                "The documents are taken as they are now, not as they were when they were asked about."
            )
        ]
        if self.start == "fields":
            found.append(
                self.env._(
                    "What was changed in a document is not known: each one counts that was changed in this time and for which the flow is."
                )
            )
        elif self.start == "edit":
            found.append(
                self.env._(
                    "Only the last change of a document is known, neither what it was nor whether a person made it: each document counts once that was made or last changed in this time."
                )
            )
        elif self.start == "button":
            found.append(
                self.env._(
                    "Somebody has to ask: it is taken that each document is asked about."
                )
            )
        if graph.choices:
            names = ", ".join(graph.name(node) for node in graph.choices)
            found.append(
                self.env._(
                    "Whom the submitter chooses is not known: %(nodes)s.", nodes=names
                )
            )
        return found

    def _get_replay_domain(self, days=DAYS):
        """The documents of the last days that may have started the flow.

        :rtype: list
        """
        since = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        changed = self.start in ("fields", "edit")
        moment = "write_date" if changed else "create_date"
        return [(moment, ">=", since)]

    def _get_replayed(self, domain):
        try:
            domain = Domain(self._get_replay_domain() if domain is None else domain)
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

        def part(flow_id):
            # As it is in force: a draft of another flow is not tried here.
            flow = self.env["crm.suite.approval.flow"].sudo().browse(flow_id).exists()
            if flow.state != "published":
                return None
            inner = flow.current_version_id._prepare_graph()
            return replay(inner, world, submitter.id, part=part)

        return replay(graph, world, submitter.id, part=part)

    def _sum_up(self, graph, walked):
        asked = [row for _document, result in walked for row in result["asked"]]
        people = Counter(row["user"] for row in asked if not row.get("auto"))
        users = self.env["res.users"].sudo()
        taken = {edge for _document, result in walked for edge in result["walked"]}
        rows, stuck = [], []
        for document, result in walked:
            name = document.display_name
            if result["nobody"]:
                nodes = [graph.name(node) for node in result["nobody"]]
                stuck.append({"id": document.id, "name": name, "nodes": nodes})
            who = self._describe_way(result)
            rows.append({"id": document.id, "name": name, "who": who})
        return {
            "asked": sum(people.values()),
            "people": [
                {"id": user_id, "name": users.browse(user_id).name, "count": count}
                for user_id, count in people.most_common()
            ],
            "nodes": self._count_nodes(graph, [result for _document, result in walked]),
            "walked": [edge for edge in graph.edges if edge in taken],
            "nobody": stuck[:SHOWN],
            "rows": rows[:SHOWN],
        }

    def _describe_way(self, result):
        """Who would be asked about one document, in order.

        :rtype: str
        """
        ids = [row["user"] for row in result["asked"] if not row.get("auto")]
        names = self.env["res.users"].sudo().browse(dict.fromkeys(ids)).mapped("name")
        if result["open"]:
            names.append(self.env._("whom the submitter chooses"))
        return " → ".join(names)

    @api.model
    def _count_nodes(self, graph, results):
        """What happened at each node, over all documents.

        :rtype: list[dict]
        """
        counts = {
            "documents": Counter(n for result in results for n in result["visited"]),
            "nobody": Counter(n for result in results for n in result["nobody"]),
            "open": Counter(n for result in results for n in result["open"]),
        }
        rows = [row for result in results for row in result["asked"]]
        counts["auto"] = Counter(row["node"] for row in rows if row.get("auto"))
        counts["asked"] = Counter(row["node"] for row in rows if not row.get("auto"))
        return [
            {
                "id": node_id,
                "name": graph.name(node_id),
                "type": node.get("type"),
                **{name: count[node_id] for name, count in counts.items()},
            }
            for node_id, node in graph.nodes.items()
        ]


class ApprovalMixin(models.AbstractModel):
    _inherit = "crm.suite.approval.mixin"

    def _approval_owner(self):
        """Who would ask about the document: its owner, or who made it.

        :rtype: res.users
        """
        self.ensure_one()
        owner = "user_id" in self._fields and self.user_id
        return owner or self.create_uid or self.env.user
