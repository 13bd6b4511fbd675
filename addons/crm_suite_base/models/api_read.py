import re
from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.api_body import is_storable
from ..tools.api_problem import ApiProblem
from ..tools.api_reading import (
    CHOICES,
    IDS,
    MOST,
    PAGE,
    TEXTS,
    WITH_ARCHIVED,
    list_parameters,
    read_fields,
)
from ..tools.api_schema import WITH_CUSTOM
from .api_target import ApiRow
from .crm_lead_reference import LEAD_KEYS
from .pool_mask import MASK

LARGEST_ID = 2**31 - 1
LONGEST = 200
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?", re.ASCII)


class ApiRead(models.AbstractModel):
    """Programs read customers, leads, interactions and purchases: what the user of the
    key may read, field by field, and nothing is written but the line in the log.

    Pages follow the ids, so what is created or changed meanwhile neither moves rows to
    another page nor is given twice.
    """

    _inherit = "crm.suite.api"

    @api.model
    def _do_list(self, call, data, sent, entity):
        """A page of records."""
        self._check_parameters(call, entity)
        limit = self._get_number(call, "limit", PAGE, MOST)
        if not limit:
            raise ApiProblem("bad_request", f"“limit” is a number from 1 to {MOST}.")
        after = self._get_number(call, "after", 0, LARGEST_ID)
        records = self._get_readable(entity)
        if entity in WITH_ARCHIVED and (
            self._get_choice(call, "archived", CHOICES) == "yes"
        ):
            records = records.with_context(active_test=False)
        domain = Domain("id", ">", after) & self._get_domain(call, entity)
        as_of = None if after else self._get_as_of()
        # What this transaction sees it saw before the moment was asked for; one that
        # begins now misses nothing that is older.
        with self.env.registry.cursor() as cr:
            now = self.with_env(self.env(cr=cr))
            found = records.with_env(now.env(context=records.env.context)).search(
                domain, order="id", limit=limit + 1
            )
            page = found[:limit]
            rows = now._describe_records(page, entity)
        call.rows = len(rows)
        return {
            "rows": rows,
            "next": rows[-1]["id"] if len(found) > limit else None,
            "as_of": as_of,
        }

    @api.model
    def _do_read(self, call, data, sent, entity, id_):
        """One record."""
        records = self._get_readable(entity).with_context(active_test=False)
        found = records.browse()
        if 0 < id_ <= LARGEST_ID:
            domain = Domain("id", "=", id_) & self._get_scope_domain(entity)
            found = records.search(domain)
        if not found:
            # A record that the user may not see is told from none by nobody.
            raise ApiProblem("not_found", self.env._("There is no such record."))
        call.rows = 1
        return self._describe_records(found, entity)[0]

    @api.model
    def _get_readable(self, entity):
        target = self.env[f"crm.suite.api.target.{entity}"]
        records = self.env[target._api_model]
        records.check_access("read")
        return records

    # === WHICH === #

    @api.model
    def _check_parameters(self, call, entity):
        """A name that is misspelt would give everything, and look right."""
        known = [parameter["name"] for parameter in list_parameters(entity)]
        for name in call.query:
            if name not in known:
                text = ", ".join(known)
                raise ApiProblem("bad_request", f"The parameters are: {text}.")

    @api.model
    def _get_scope_domain(self, entity):
        """Customers and their contacts; of the rest whatever the user may read. Hook."""
        if entity == "customer":
            return Domain("commercial_partner_id.crm_suite_lifecycle_id", "!=", False)
        return Domain.TRUE

    @api.model
    def _get_domain(self, call, entity):
        domain = self._get_scope_domain(entity)
        for name, field in IDS[entity].items():
            if name in call.query:
                number = self._get_number(call, name, 0, LARGEST_ID)
                domain &= Domain(field, "=", number)
        for name in TEXTS[entity]:
            if name in call.query:
                domain &= self._get_text_domain(entity, name, call.query[name])
        if "updated_since" in call.query:
            since = self._get_moment(call.query["updated_since"])
            domain &= Domain("write_date", ">=", since)
        return domain

    @api.model
    def _get_text_domain(self, entity, name, text):
        if not text or len(text) > LONGEST or not is_storable(text):
            raise ApiProblem(
                "bad_request", f"“{name}” has 1 to {LONGEST} printable characters."
            )
        try:
            return self.env[f"crm.suite.api.target.{entity}"]._api_lookup(name, text)
        except UserError as error:
            raise ApiProblem("bad_request", str(error.args[0])) from error

    @api.model
    def _get_moment(self, text):
        if not DAY.fullmatch(text):
            raise ApiProblem(
                "bad_request",
                "“updated_since” is a moment in UTC: YYYY-MM-DDTHH:MM:SSZ.",
            )
        # A plus sign of an offset is a blank in an address.
        text = re.sub(r" (?=[0-9]{2}:?[0-9]{2}$)", "+", text)
        try:
            return self.env["crm.suite.api.target.interaction"]._api_moment(text)
        except UserError as error:
            raise ApiProblem("bad_request", str(error.args[0])) from error

    @api.model
    def _get_as_of(self):
        """Since when to ask the next time.

        Changes carry the start of their transaction: what is not committed yet may be
        older than now, but not older than the oldest transaction that is open.
        """
        moment = self.env["crm.suite.metric.watermark"]._horizon()
        return moment and moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    # === HOW === #

    @api.model
    def _describe_records(self, records, entity):
        """The records as they are answered: what the user may read of them.

        :rtype: list[dict]
        """
        names = self._get_read_names(records, entity)
        rows = records.read(names)
        labels = self._get_labels(records, names, rows)
        told = []
        for row in rows:
            answer = {"id": row["id"]}
            masked = [name for name in names if row[name] == MASK]
            for name in names:
                field = records._fields[name]
                value = None if name in masked else row[name]
                answer[name] = self._describe_value(field, value, labels)
            if masked:
                answer["masked"] = masked
            told.append(answer)
        return told

    @api.model
    def _get_read_names(self, records, entity):
        """Fields of a row, without those whose groups the user lacks."""
        names = list(read_fields(entity))
        if entity in WITH_CUSTOM:
            used = self.env["crm.suite.field"]._used_fields(records._name)
            names += [name for name, _kind in used]
        return [
            name
            for name in names
            if name in records._fields
            and records._has_field_access(records._fields[name], "read")
        ]

    @api.model
    def _get_labels(self, records, names, rows):
        """Names of what lists of records point to, those of a model together."""
        ids = defaultdict(set)
        for name in names:
            field = records._fields[name]
            if field.type in ("many2many", "one2many"):
                for row in rows:
                    ids[field.comodel_name].update(row[name] or ())
        return {
            (model, record["id"]): record["display_name"]
            for model, wanted in ids.items()
            for record in self.env[model].browse(wanted).read(["display_name"])
        }

    @api.model
    def _describe_value(self, field, value, labels):
        if field.type in ("many2many", "one2many"):
            model = field.comodel_name
            return [
                {"id": id_, "name": labels[model, id_] or ""} for id_ in value or ()
            ]
        if field.type == "many2one":
            return {"id": value[0], "name": value[1] or ""} if value else None
        if field.type == "boolean":
            return bool(value)
        if value is False or value is None:
            return None
        if field.type == "datetime":
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        if field.type == "date":
            return value.isoformat()
        return value


class ApiTarget(models.AbstractModel):
    _inherit = "crm.suite.api.target"

    @api.model
    def _api_lookup(self, name, text):
        """The records whose field ``name`` says what ``text`` says. Hook.

        :rtype: Domain
        :raise UserError: no value of the field can look like this
        """
        if not text.strip():
            raise UserError(
                self.env._("The key is empty: give %(fields)s.", fields=name)
            )
        return Domain(name, "=", text.strip())


class ApiTargetCustomer(models.AbstractModel):
    _inherit = "crm.suite.api.target.customer"

    @api.model
    def _api_lookup(self, name, text):
        """However it is written: the form stores it in one spelling."""
        partners = self.env["res.partner"]
        [vals] = partners._crm_suite_normalize_values([{name: text.strip()}])
        if not vals[name]:
            raise UserError(
                self.env._("The key is empty: give %(fields)s.", fields=name)
            )
        return partners._crm_suite_key_domain(name, [vals[name]])


class ApiTargetLead(models.AbstractModel):
    _inherit = "crm.suite.api.target.lead"

    @api.model
    def _api_lookup(self, name, text):
        row = ApiRow(0, None, vals={name: text.strip()})
        value = self._api_key_value(row, name)
        if not value:
            raise UserError(
                row.reason
                or self.env._("The key is empty: give %(fields)s.", fields=name)
            )
        return Domain(LEAD_KEYS[name], "=", value)
