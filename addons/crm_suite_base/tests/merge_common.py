from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .common import CustomerCase


@tagged("post_install", "-at_install")
class MergeCase(CustomerCase):
    """Two records of one customer, each with a contact and documents.

    ``stays`` and ``goes``; ``merge()`` merges them as the data steward.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stays = cls._create_customer(
            name="Shenzhen Nanfang Ltd",
            phone="+86 755 8601 3301",
            email="info@nanfang.cn",
        )
        cls.goes = cls._create_customer(
            name="Nanfang Shenzhen",
            phone="+86 755 8601 3302",
            email="office@nanfang.cn",
            city="Shenzhen",
            street="8 Keji Road",
            crm_suite_needs="Cheaper boards",
        )
        cls.other = cls._create_customer(name="Nanfang (old)", email="old@nanfang.cn")
        cls.buyer = cls._create_contact(cls.goes, name="Li Na")

    def merge(self, partners=None, survivor=None, choices=None, user=None):
        partners = self.stays | self.goes if partners is None else partners
        operation_id = partners.with_user(user or self.steward).crm_suite_merge(
            (survivor or self.stays).id, choices or {}
        )
        self.env.invalidate_all()
        return self.env["crm.suite.operation"].browse(operation_id)

    def preview(self, partners=None, survivor=None, choices=None, user=None):
        partners = self.stays | self.goes if partners is None else partners
        return partners.with_user(user or self.steward).crm_suite_merge_preview(
            survivor and survivor.id, choices or {}
        )

    def undo(self, operation, user=None):
        operation = operation.with_user(user or self.steward)
        result = operation.action_undo()
        self.env.invalidate_all()
        return result

    def snapshot(self):
        """Everything in the database that names one of the partners, as it stands.

        :return: ``{table: {id or row}}``
        """
        self.env.flush_all()
        engine = self.env["crm.suite.merge"]
        ids = (self.stays | self.goes | self.other | self.buyer).ids
        found = {}
        for reference in engine._get_references("res.partner"):
            rows = self.env.execute_query(
                SQL(
                    "SELECT to_jsonb(t) - '{write_date,write_uid}'::text[] FROM %s t"
                    " WHERE %s",
                    SQL.identifier(reference.table),
                    engine._compose_match("res.partner", reference, ids),
                )
            )
            kept = [row for (row,) in rows if not self.is_note(reference.table, row)]
            if kept:
                found[reference.table, reference.column] = sorted(
                    kept, key=lambda row: sorted(map(str, row.items()))
                )
        return found

    def is_note(self, table, row):
        """The notes that merge and undo leave in the history are no change."""
        return table == "mail_message" and (
            "erge" in (row.get("body") or "") or not row.get("body")
        )

    def table_rows(self, records):
        """Read whole rows as the database holds them."""
        self.env.flush_all()
        skipped = ["write_date", "write_uid", "calendar_last_notif_ack"]
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, to_jsonb(t) - %s::text[] FROM %s t WHERE id = ANY(%s)",
                    skipped,
                    SQL.identifier(records._table),
                    records.ids,
                )
            )
        )

    @classmethod
    def create_activity(cls, partner, user=None):
        return partner.activity_schedule(
            "mail.mail_activity_data_todo",
            fields.Date.today(),
            "Call back",
            user_id=(user or cls.rep).id,
        )
