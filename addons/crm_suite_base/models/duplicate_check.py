from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize
from odoo.tools.misc import format_date

from ..tools.duplicate_keys import COMPANY, PERSON, has_cjk, make_keys
from ..tools.duplicate_score import Rule, Term
from ..tools.normalize import normalize_phone
from .duplicate_query import _describe_keys
from .duplicate_rule import SIMILAR_BLOCKS, RuleSpec
from .duplicate_search import Probe

# What can be asked for, and the least length of a text that says anything.
ASKED = ("name", "phone", "email", "vat", "website", "is_company")
SHORTEST, SHORTEST_CJK = 3, 2
MOST_ROWS = 10
# What makes a record an answer, whatever the rules for entry say.
ANSWERS = (
    (Term("vat"),),
    (Term("phone"),),
    (Term("email"),),
    (Term("domain"),),
    (Term("name", False, 0.8),),
)
STATES = ("free", "yours", "owned", "pool", "protected")


class DuplicateCheck(models.AbstractModel):
    """The conflict check (撞单查询): is this customer free?

    It looks at all records, also those that the user may not read, and tells no more
    about these than whether somebody has them.
    """

    _inherit = "crm.suite.duplicate.mixin"

    @api.model
    def _duplicate_check(self, values):
        """What ``crm_suite_check_duplicate()`` of the adapters does."""
        self.env["res.partner"]._crm_suite_check_role()
        keys = self._duplicate_asked_keys(values)
        queries = self.env["crm.suite.duplicate.query"]
        left = queries._spend()
        hits = self._duplicate_answers(keys)
        rows = self._duplicate_describe(hits)
        if not rows:
            rows = [self._duplicate_free_row()]
        query = queries._log(
            _describe_keys(keys), rows, [(hit.model, hit.id) for hit in hits]
        )
        for position, row in enumerate(rows):
            row.update(query=query.id, position=position, left=left)
        return rows

    # === THE QUESTION === #

    @api.model
    def _duplicate_asked_keys(self, values):
        if not isinstance(values, dict):
            raise UserError(
                self.env._("Give the values to look for, such as a name and a phone.")
            )
        unknown = set(values) - set(ASKED)
        if unknown:
            raise UserError(
                self.env._(
                    "“%(field)s” cannot be looked for. Give %(fields)s.",
                    field=sorted(map(str, unknown))[0],
                    fields=", ".join(ASKED),
                )
            )
        texts = {name: values.get(name) for name in ASKED[:-1] if values.get(name)}
        if any(not isinstance(text, str) or len(text) > 500 for text in texts.values()):
            raise UserError(self.env._("Give each value as a text of one line."))
        keys = make_keys(self._duplicate_typed(texts, values.get("is_company")))
        self._duplicate_check_length(keys)
        return keys

    @api.model
    def _duplicate_typed(self, texts, is_company):
        kind = "" if is_company is None else COMPANY if is_company else PERSON
        return {
            "name": texts.get("name"),
            "kind": kind,
            "phones": self._duplicate_numbers(texts.get("phone")),
            "emails": [email_normalize(texts["email"]) or texts["email"]]
            if texts.get("email")
            else [],
            "website": texts.get("website"),
            "vat": texts.get("vat"),
        }

    @api.model
    def _duplicate_numbers(self, phone):
        """What a number may mean that somebody typed without its country: dialled in
        the country of the company, in his own, or in that of his language.

        :rtype: list[str]
        """
        if not phone:
            return []
        countries = [
            self.env.company.country_id.code,
            self.env.user.country_id.code,
            (self.env.lang or "").partition("_")[2],
        ]
        numbers = []
        for country in dict.fromkeys(filter(None, countries)) or [None]:
            try:
                numbers.append(normalize_phone(phone, country)[0])
            except ValueError:
                continue  # no number of this country
        return list(dict.fromkeys(numbers)) or [phone]

    @api.model
    def _duplicate_check_length(self, keys):
        """A letter or two would list half the customers."""
        name = keys.get("name", "").replace(" ", "")
        least = SHORTEST_CJK if has_cjk(name) else SHORTEST
        if name and len(name) < least:
            raise UserError(
                self.env._("The name is too short to look for. Type more of it.")
            )
        if not (set(keys) - {"kind", "parts", "pinyin", "core"}):
            raise UserError(
                self.env._(
                    "Type a name, a phone number, an e-mail address or a tax number."
                )
            )

    # === THE ANSWER === #

    @api.model
    def _duplicate_answers(self, keys):
        specs = [
            RuleSpec(
                id=0,
                version=0,
                rule=Rule(terms),
                reactions={},
                letters=frozenset("".join(SIMILAR_BLOCKS[term.key] for term in terms)),
                company_id=0,
                with_customers=True,
                in_search=False,
            )
            for terms in ANSWERS
            if terms[0].key in keys
        ]
        probe = Probe(no=0, keys=keys, company_id=self.env.company.id)
        # Everything is looked at; what is told is decided record by record.
        hits = self.sudo()._duplicate_hits([probe], specs).get(0, [])
        # What is equally alike: customers before leads.
        hits.sort(key=lambda hit: (-hit.score, hit.model != "res.partner"))
        return self._duplicate_told_once(hits)[:MOST_ROWS]

    @api.model
    def _duplicate_told_once(self, hits):
        """Leave out hits about which another one says all there is to say. Hook.

        :rtype: list[Hit]
        """
        return hits

    @api.model
    def _duplicate_free_row(self):
        return {
            "state": "free",
            "label": self.env._("Free: nobody has this customer yet"),
            "found": False,
            "owner": False,
            "pool": False,
            "until": False,
            "reasons": "",
            "score": 0.0,
            "name": False,
            "model": self._name,
            "id": False,
            "may_ask": False,
            "may_claim": False,
        }

    @api.model
    def _duplicate_describe(self, hits):
        """What the user may know about each hit.

        :param list[Hit] hits:
        :rtype: list[dict]
        """
        queries = self.env["crm.suite.duplicate.query"]
        pairs = self.env["crm.suite.duplicate.pair"]
        askable = {
            model
            for model in self.env["crm.suite.access.request"]._request_models()
            if self.env[model].has_access("write") or model == "res.partner"
        }
        unreadable = queries._get_unreadable([(hit.model, hit.id) for hit in hits])
        states = {}
        for model_name in {hit.model for hit in hits}:
            ids = [hit.id for hit in hits if hit.model == model_name]
            for id_, state in self.env[model_name].browse(ids)._claim_state().items():
                states[model_name, id_] = state
        rows = []
        for hit in hits:
            readable = (hit.model, hit.id) not in unreadable
            state = states[hit.model, hit.id]
            record = self.env[hit.model].browse(hit.id)
            # Which of the values fits would confirm a guess, number by number.
            known = readable or state["state"] == "yours"
            rows.append(
                {
                    **self._duplicate_free_row(),
                    **state,
                    "found": True,
                    "owner": state["owner"] if known else False,
                    "reasons": pairs._get_reasons_text(hit.reasons) if known else "",
                    "score": round(hit.score * 100, 1) if known else 0.0,
                    "name": record.display_name if readable else False,
                    "model": hit.model if readable else False,
                    "id": hit.id if readable else False,
                    "may_ask": not readable
                    and state["state"] in ("owned", "protected")
                    and hit.model in askable,
                }
            )
        return rows

    def _claim_state(self):
        """Whose these records are, without saying who. Hook of the pools.

        Reads as superuser: the caller decides what of it is told.

        :return: by id: ``state`` (see ``crm_suite_check_duplicate()`` of the customers), ``label``,
            ``owner`` (name or False), ``pool`` (name or False), ``until`` (date as a
            text or False), ``may_claim``
        :rtype: dict[int, dict]
        """
        owner_field = self._duplicate_owner_field()
        result = {}
        for record in self.sudo():
            owner = record._duplicate_holder()[owner_field]
            if owner == self.env.user:
                state, label = "yours", self.env._("Yours already")
            elif owner:
                state, label = "owned", self.env._("A colleague has it")
            else:
                state, label = (
                    "free",
                    self.env._("It is there, and nobody looks after it"),
                )
            result[record.id] = {
                "state": state,
                "label": label,
                "owner": owner.name if owner else False,
                "pool": False,
                "until": False,
                "may_claim": False,
            }
        return result

    def _duplicate_holder(self):
        """The record whose owner counts: of a contact, its company. Hook."""
        return self

    @api.model
    def _claim_date(self, date):
        """A date in an answer, as the user reads dates."""
        return format_date(self.env, fields.Date.to_date(date)) if date else False
