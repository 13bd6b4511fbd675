from odoo import api, fields, models

# What speaks for a record when a merge proposes who stays, in this order.
CRITERIA = ("account", "secured", "active", "customer", "bought", "known", "first")
# So many values are listed.
MOST_VALUES = 20


class ResPartner(models.Model):
    """Noting why a merge decided as it did, while everything is still there to see."""

    _inherit = "res.partner"

    def _crm_suite_merge_why(self, survivor, choices, decided, by_person):
        """Why this one stays and these values count.

        :param dict choices: what somebody chose
        :param dict decided: as of :meth:`_crm_suite_merge_decided`
        :param bool by_person: whether somebody chose who stays
        :return: data for a column
        :rtype: dict
        """
        values = []
        for line, holders in decided.items():
            holder = holders[line.names[0]]
            by = self._crm_suite_preview_by(line, holder, survivor, choices)
            if by != "survivor" and self.sudo().browse(holder)[line.names[0]]:
                values.append({"key": line.names[0], "from": holder, "by": by})
        return {
            "survivor": survivor.id,
            "by": "person" if by_person else self._crm_suite_merge_criterion(survivor),
            "values": values,
        }

    def _crm_suite_merge_criterion(self, survivor):
        """What put the survivor before the others."""
        ranks = self._crm_suite_merge_ranks()
        own = ranks.pop(survivor)
        best = max(ranks.values())
        return next(
            name
            for name, mine, other in zip(CRITERIA, own, best, strict=True)
            if mine != other
        )


class Operation(models.Model):
    """Why a merge kept this record and these values."""

    _name = "crm.suite.operation"
    _inherit = ["crm.suite.operation", "crm.suite.explain.mixin"]

    why = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"merge"}

    def _explain_merge(self):
        answer = {"title": self.env._("Merge"), "at": self.date_start}
        if self.kind != "merge":
            sentence = self.env._("This operation merged nothing.")
        elif self.res_model != "res.partner":
            sentence = self.env._(
                "Odoo's own rule: the lead that is furthest stays, and of each value "
                "the first that a lead has counts."
            )
        elif why := self._get_merge_why():
            return {**answer, **self._explain_merge_of(why)}
        else:
            sentence = self.env._(
                "What decided was not noted when this merge was done."
            )
        return {**answer, "sentence": sentence}

    def _get_merge_why(self):
        """What was noted; of a part of a merge, that of the whole."""
        operation = self.sudo()
        return operation.why or operation.parent_id.why

    def _explain_merge_of(self, why):
        partners = self.env["res.partner"].with_context(active_test=False)
        people = {
            p.id: p
            for p in partners.browse(
                [why["survivor"], *(value["from"] for value in why["values"])]
            ).exists()
        }
        names = {
            id_: partner.display_name
            for id_, partner in people.items()
            if partner.has_access("read")
        }
        chooser = self.sudo().user_id.name
        return {
            "sentence": self._say_survivor(
                names.get(why["survivor"], "–"), why["by"], chooser
            ),
            "steps": [
                {"text": text, "met": True}
                for value in why["values"][:MOST_VALUES]
                if (text := self._say_value(value, names, chooser))
            ],
            "note": self.env._(
                "Of every other value that of the record that stays counts, and tags "
                "are united. Phones and e-mails that do not come first are kept as "
                "further ones."
            ),
        }

    def _say_survivor(self, survivor, by, chooser):
        reasons = {
            "account": self.env._("it has an account to log in"),
            "secured": self.env._("entries that are secured by a hash name it"),
            "active": self.env._("it is the one in use"),
            "customer": self.env._("it is a customer"),
            "bought": self.env._("it has bought most"),
            "known": self.env._("most is known about it"),
            "first": self.env._("it was there first"),
        }
        if by == "person":
            return self.env._(
                "%(survivor)s stayed because %(user)s chose it.",
                survivor=survivor,
                user=chooser,
            )
        return self.env._(
            "%(survivor)s stayed by rule: %(reason)s.",
            survivor=survivor,
            reason=reasons.get(by, "–"),
        )

    def _say_value(self, value, names, chooser):
        """One value that another record gave; nothing of what the user may not see."""
        partners = self.env["res.partner"]
        field = partners._fields.get(value["key"])
        if field is None or not partners._has_field_access(field, "read"):
            return None
        reasons = {
            "you": self.env._("chosen by %(user)s", user=chooser),
            "rule": self.env._("by rule: the first owner, the furthest stage"),
            "filled": self.env._("the one that stayed had less"),
        }
        return self.env._(
            "%(field)s of %(record)s: %(reason)s",
            field=field._description_string(self.env),
            record=names.get(value["from"], "–"),
            reason=reasons[value["by"]],
        )
