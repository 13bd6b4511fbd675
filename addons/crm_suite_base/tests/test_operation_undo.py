import base64
import io

from PIL import Image

from odoo import Command
from odoo.tests import tagged

from .operation_common import OperationCase


def make_image(color):
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(stream, "PNG")
    return base64.b64encode(stream.getvalue())


@tagged("post_install", "-at_install")
class TestOperationUndo(OperationCase):
    def undo(self, operation, *args):
        result = operation.action_undo(*args)
        self.env.flush_all()
        self.env.invalidate_all()
        return result

    # === CHANGED RECORDS === #

    def test_changed_values_come_back(self):
        before = self.rows(self.partners)
        with self.record() as operation:
            self.partners.write({"street": "New Street", "ref": "R1", "city": False})
            self.partners[0].street = "Newest Street"
        self.assertEqual(operation.updated_count, 5)
        self.assertEqual(
            operation.undo_preview(), {"restore": 5, "keep": [], "keep_count": 0}
        )
        result = self.undo(operation)
        self.assertEqual((result["restored"], result["kept"]), (5, []))
        self.assertEqual(self.rows(self.partners), before)
        self.assertEqual(operation.state, "undone")

    def test_value_changed_since_is_kept_and_listed(self):
        with self.record() as operation:
            self.partners.write({"street": "New Street", "city": "Wuhan"})
        self.partners[1].street = "Somebody's Street"
        preview = operation.undo_preview()
        self.assertEqual(preview["restore"], 4)
        result = self.undo(operation)
        self.assertEqual(result["kept"], preview["keep"])
        self.assertEqual(
            result["kept"],
            [
                {
                    "model": "res.partner",
                    "res_id": self.partners[1].id,
                    "name": "Operation customer 1",
                    "reason": "It was changed since.",
                    "fields": [
                        {
                            "field": "street",
                            "label": "Street",
                            "was": "New Street",
                            "is": "Somebody's Street",
                        }
                    ],
                }
            ],
        )
        self.assertEqual(self.partners[1].street, "Somebody's Street")
        self.assertEqual(self.partners[1].city, "Shenzhen")
        self.assertEqual(operation.state, "partly_undone")

    def test_relations_come_back(self):
        with self.record() as operation:
            self.partners.write({"category_id": [Command.link(self.tags[1].id)]})
            self.partners[0].category_id = [Command.set(self.tags[2].ids)]
        self.undo(operation)
        for partner in self.partners:
            self.assertEqual(partner.category_id, self.tags[0])

    def test_former_tag_deleted_since(self):
        with self.record() as operation:
            self.partners.write({"category_id": [Command.set(self.tags[1].ids)]})
        self.tags[0].unlink()
        self.undo(operation)
        self.assertFalse(self.partners.category_id)

    def test_company_dependent_value_of_other_company_stays(self):
        other = self.env["res.company"].create({"name": "Operation company"})
        terms = self.env["account.payment.term"].create(
            [{"name": "Operation term 1"}, {"name": "Operation term 2"}]
        )
        partner = self.partners[0]
        partner.property_payment_term_id = terms[0]
        with self.record() as operation:
            partner.property_payment_term_id = terms[1]
        partner.with_company(other).property_payment_term_id = terms[1]
        result = self.undo(operation)
        self.assertEqual(result["kept"], [])
        self.assertEqual(partner.property_payment_term_id, terms[0])
        self.assertEqual(partner.with_company(other).property_payment_term_id, terms[1])

    def test_translation_of_other_language_stays(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        tag = self.tags[0]

        def translations():
            self.env.flush_all()
            self.env.cr.execute(
                "SELECT name FROM res_partner_category WHERE id = %s", [tag.id]
            )
            return self.env.cr.fetchone()[0]

        tag.update_field_translations("name", {"en_US": "Old", "zh_CN": "旧"})
        with self.record() as operation:
            tag.update_field_translations("name", {"en_US": "New", "zh_CN": "新"})
        self.undo(operation)
        self.assertEqual(translations(), {"en_US": "Old", "zh_CN": "旧"})
        with self.record() as operation:
            tag.update_field_translations("name", {"zh_CN": "新"})
        tag.update_field_translations("name", {"en_US": "Edited"})
        self.assertEqual(self.undo(operation)["kept"], [])
        self.assertEqual(translations(), {"en_US": "Edited", "zh_CN": "旧"})

    def test_image_comes_back(self):
        partner, empty = self.partners[:2]
        old = make_image("red")
        partner.image_1920 = old
        small = partner.image_128
        with self.record() as operation:
            (partner + empty).image_1920 = make_image("blue")
        self.env["ir.attachment"]._gc_file_store_unsafe()
        self.assertEqual(operation.undo_preview()["restore"], 2)
        result = self.undo(operation)
        self.assertEqual((result["restored"], result["kept"]), (2, []))
        self.assertEqual(partner.image_1920, old)
        self.assertEqual(partner.image_128, small)
        self.assertFalse(empty.image_1920)
        self.undo(operation.undo_operation_id)
        self.assertTrue(empty.image_1920)
        self.assertEqual(partner.image_1920, empty.image_1920)

    def test_image_changed_since_is_kept(self):
        partner = self.partners[0]
        partner.image_1920 = make_image("red")
        with self.record() as operation:
            partner.image_1920 = make_image("blue")
        newest = make_image("green")
        partner.image_1920 = newest
        result = self.undo(operation)
        self.assertEqual(result["restored"], 0)
        self.assertEqual(len(result["kept"]), 1)
        self.assertEqual(result["kept"][0]["res_id"], partner.id)
        self.assertEqual(partner.image_1920, newest)

    def test_lead_owner_and_what_follows_from_it(self):
        team = self.env["crm.team"].create({"name": "Operation team"})
        lead = self.env["crm.lead"].create(
            {"name": "Operation lead", "user_id": self.rep.id, "team_id": team.id}
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = '2026-01-01 00:00:00',"
            " date_open = '2026-01-02 03:04:05', day_open = 1 WHERE id = %s",
            [lead.id],
        )
        lead.invalidate_recordset()
        before = self.rows(lead)
        with self.record(kind="reassign") as operation:
            lead.write({"user_id": self.other_rep.id, "team_id": False})
        self.assertNotEqual(self.rows(lead), before)
        self.undo(operation)
        self.assertEqual(self.rows(lead), before)

    def test_contacts_follow_their_company_back(self):
        parents = self.partners[:2]
        parents.is_company = True
        child = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": parents[0].id}
        )
        self.env.flush_all()
        with self.record() as operation:
            child.parent_id = parents[1]
        self.assertEqual(child.commercial_partner_id, parents[1])
        self.undo(operation)
        self.assertEqual(child.parent_id, parents[0])
        self.assertEqual(child.commercial_partner_id, parents[0])

    def test_undo_is_told_in_the_chatter(self):
        lead = self.env["crm.lead"].create({"name": "L", "user_id": self.rep.id})
        self.env.flush_all()
        self.cr.precommit.run()
        with self.record() as operation:
            lead.user_id = self.other_rep
        self.cr.precommit.run()
        count = len(lead.message_ids)
        self.undo(operation)
        self.cr.precommit.run()
        self.assertEqual(len(lead.message_ids), count + 1)
        tracking = lead.message_ids[0].sudo().tracking_value_ids
        self.assertEqual(tracking.new_value_integer, self.rep.id)

    # === CREATED RECORDS === #

    def test_created_records_go(self):
        with self.record(kind="import") as operation:
            company = self.env["res.partner"].create(
                {
                    "name": "New company",
                    "is_company": True,
                    "child_ids": [Command.create({"name": "New contact"})],
                    "category_id": [Command.link(self.tags[0].id)],
                }
            )
            company.message_post(body="Imported")
        self.assertEqual(operation.created_count, 2)
        children = company.child_ids
        result = self.undo(operation)
        self.assertEqual((result["restored"], result["kept"]), (2, []))
        self.assertFalse((company + children).exists())
        self.assertFalse(
            self.env["mail.message"].search(
                [("model", "=", "res.partner"), ("res_id", "=", company.id)]
            )
        )

    def test_created_and_edited_since_is_kept(self):
        with self.record(kind="import") as operation:
            created = self.env["res.partner"].create(
                [{"name": f"New {number}"} for number in range(4)]
            )
        created[0].street = "Typed in"
        created[1].category_id = self.tags[0]
        result = self.undo(operation)
        self.assertEqual(result["restored"], 2)
        self.assertEqual(
            {entry["res_id"] for entry in result["kept"]}, set(created[:2].ids)
        )
        fields = {
            entry["res_id"]: [(f["field"], f["is"]) for f in entry["fields"]]
            for entry in result["kept"]
        }
        self.assertEqual(fields[created[0].id], [("street", "Typed in")])
        self.assertEqual(fields[created[1].id], [("category_id", self.tags[0].name)])
        self.assertEqual(created.exists(), created[:2])

    def test_recomputed_is_not_edited(self):
        with self.record(kind="import") as operation:
            lead = self.env["crm.lead"].create({"name": "New lead"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET automated_probability = 12, probability = 12,"
            " write_date = now() + interval '1 day' WHERE id = %s",
            [lead.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.undo(operation)["kept"], [])
        self.assertFalse(lead.exists())

    def test_created_and_used_since_is_kept(self):
        with self.record(kind="import") as operation:
            created = self.env["res.partner"].create(
                [{"name": f"New {number}"} for number in range(5)]
            )
        order = self.env["sale.order"].create({"partner_id": created[0].id})
        created[1].message_post(body="Called", message_type="comment")
        created[2].activity_schedule("mail.mail_activity_data_todo", summary="Call")
        event = self.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": "2026-01-01 10:00:00",
                "stop": "2026-01-01 11:00:00",
                "partner_ids": [Command.set(created[3].ids)],
            }
        )
        self.env.cr.execute(
            "UPDATE mail_message SET create_date = now() + interval '1 minute'"
            " WHERE model = 'res.partner' AND res_id = %s AND message_type = 'comment'",
            [created[1].id],
        )
        result = self.undo(operation)
        kept = {entry["res_id"]: entry["reason"] for entry in result["kept"]}
        self.assertEqual(set(kept), set(created[:4].ids))
        self.assertIn(order.name, kept[created[0].id])
        self.assertIn(event.name, kept[created[3].id] + event.name)
        self.assertEqual(created.exists(), created[:4])

    def test_company_of_a_kept_contact_is_kept(self):
        with self.record(kind="import") as operation:
            company, lone = self.env["res.partner"].create(
                [{"name": "New", "is_company": True}, {"name": "Lone"}]
            )
            contact = self.env["res.partner"].create(
                {"name": "Contact", "parent_id": company.id}
            )
        contact.function = "Boss"
        result = self.undo(operation)
        self.assertEqual(
            {entry["res_id"] for entry in result["kept"]}, {company.id, contact.id}
        )
        self.assertFalse(lone.exists())
        self.assertEqual(contact.parent_id, company)

    def test_old_record_pointed_at_new_one(self):
        with self.record(kind="import") as operation:
            company = self.env["res.partner"].create(
                {"name": "New", "is_company": True}
            )
            self.partners[0].parent_id = company
        self.assertEqual(self.undo(operation)["kept"], [])
        self.assertFalse(company.exists())
        self.assertFalse(self.partners[0].parent_id)

    def test_refused_by_the_host_is_kept_with_its_reason(self):
        with self.record(kind="import") as operation:
            order = self.env["sale.order"].create({"partner_id": self.partners[0].id})
            order.action_confirm()
            lead = self.env["crm.lead"].create({"name": "New"})
        result = self.undo(operation)
        self.assertEqual([entry["res_id"] for entry in result["kept"]], order.ids)
        self.assertTrue(result["kept"][0]["reason"])
        self.assertTrue(order.exists())
        self.assertFalse(lead.exists())

    def test_bookings_are_left_alone(self):
        order = self.env["sale.order"].create({"partner_id": self.partners[0].id})
        with self.record() as operation:
            order.action_confirm()
            self.partners[1].ref = "X"
        result = self.undo(operation)
        self.assertEqual(order.state, "sale")
        self.assertIn("booking", result["kept"][0]["reason"])
        self.assertFalse(self.partners[1].ref)

    # === DELETED RECORDS === #

    def test_deleted_records_come_back(self):
        company = self.env["res.partner"].create(
            {
                "name": "Doomed",
                "is_company": True,
                "category_id": [Command.set(self.tags[:2].ids)],
                "image_1920": make_image("red"),
            }
        )
        contact = self.env["res.partner"].create(
            {"name": "Doomed contact", "parent_id": company.id}
        )
        stays = self.env["res.partner"].create(
            {"name": "Stays", "parent_id": company.id}
        )
        lead = self.env["crm.lead"].create({"name": "Lead", "partner_id": company.id})
        self.env["ir.model.data"].create(
            {
                "module": "ops",
                "name": "doomed",
                "model": "res.partner",
                "res_id": company.id,
            }
        )
        activity = company.activity_schedule(
            "mail.mail_activity_data_todo", summary="Call"
        )
        message = company.message_post(body="Remember")
        self.env.flush_all()
        self.cr.precommit.run()
        image, body = company.image_1920, message.body
        before = self.rows(company + contact + stays)
        with self.record() as operation:
            (company + contact).unlink()
        self.assertEqual(operation.deleted_count, 2 + 1)
        self.assertFalse(lead.partner_id)
        result = self.undo(operation)
        self.assertEqual(result["kept"], [])
        self.assertEqual(self.rows(company + contact + stays), before)
        self.assertEqual(company.category_id, self.tags[:2])
        self.assertEqual(company.child_ids, contact + stays)
        self.assertEqual(company.image_1920, image)
        self.assertEqual(lead.partner_id, company)
        self.assertEqual(self.env.ref("ops.doomed"), company)
        self.assertEqual(activity.exists().summary, "Call")
        self.assertEqual(message.exists().res_id, company.id)
        self.assertEqual(message.body, body)

    def test_deleted_record_whose_need_is_gone_stays_deleted(self):
        order = self.env["sale.order"].create({"partner_id": self.partners[0].id})
        partner = order.partner_id
        other = self.env["crm.lead"].create(
            {"name": "Lead", "partner_id": partner.id, "campaign_id": False}
        )
        with self.record() as operation:
            (order).unlink()
            other.unlink()
        partner.unlink()
        result = self.undo(operation)
        self.assertFalse(order.exists())
        self.assertTrue(other.exists())
        self.assertFalse(other.partner_id)
        self.assertIn(order.id, [entry["res_id"] for entry in result["kept"]])

    # === UNDO OF AN UNDO, PARTS === #

    def test_undo_of_an_undo(self):
        with self.record(kind="import") as operation:
            self.partners.write({"street": "New Street"})
            created = self.env["res.partner"].create(
                [{"name": "New", "category_id": [Command.link(self.tags[0].id)]}]
            )
            ids = created.ids
            self.partners[4].unlink()
        made = self.rows(self.partners[:4])
        self.undo(operation)
        self.assertTrue(self.partners[4].exists())
        self.assertFalse(created.exists())
        undo = operation.undo_operation_id
        self.assertEqual((undo.kind, undo.undo_of_id), ("undo", operation))
        result = self.undo(undo)
        self.assertEqual(result["kept"], [])
        self.assertEqual(operation.state, "done")
        self.assertEqual(undo.state, "undone")
        again = self.env["res.partner"].browse(ids)
        self.assertTrue(again.exists())
        self.assertEqual(again.category_id, self.tags[0])
        self.assertFalse(self.partners[4].exists())
        self.assertEqual(self.rows(self.partners[:4]), made)
        result = self.undo(operation)
        self.assertEqual(result["kept"], [])
        self.assertFalse(again.exists())
        self.assertEqual(self.partners[0].street, "0 Old Street")
        self.assertEqual(operation.state, "undone")

    def test_what_went_with_another_record_still_comes_back(self):
        one, two = self.partners[:2]
        accounts = self.env["res.partner.bank"].create(
            [
                {"partner_id": partner.id, "acc_number": f"ACC {partner.id}"}
                for partner in (one, two)
            ]
        )
        with self.record() as operation:
            (one | two).unlink()
        self.undo(operation, {"res.partner": one.ids})
        undo = operation.undo_operation_id
        self.undo(undo)
        self.undo(undo.undo_operation_id)
        self.assertEqual((one | two).exists(), one)
        self.assertEqual(accounts.exists(), accounts[0])
        self.undo(operation)
        self.assertEqual((one | two).exists(), one | two)
        self.assertEqual(accounts.exists(), accounts)

    def test_partial_undo(self):
        with self.record() as operation:
            self.partners.write({"street": "New Street"})
            created = self.env["res.partner"].create([{"name": "A"}, {"name": "B"}])
        chosen = {"res.partner": [*self.partners[:2].ids, created[0].id]}
        self.assertEqual(operation.undo_preview(chosen)["restore"], 3)
        result = self.undo(operation, chosen)
        self.assertEqual(result["restored"], 3)
        self.assertEqual(operation.state, "partly_undone")
        self.assertEqual(
            self.partners.mapped("street"),
            ["0 Old Street", "1 Old Street", *["New Street"] * 3],
        )
        self.assertEqual(created.exists(), created[1])
        self.partners[0].street = "Edited after the first undo"
        self.assertEqual(operation.undo_preview()["keep"], [])
        result = self.undo(operation)
        self.assertEqual((result["restored"], result["kept"]), (4, []))
        self.assertEqual(operation.state, "undone")
        self.assertEqual(self.partners[0].street, "Edited after the first undo")

    def test_kept_can_be_undone_later(self):
        with self.record() as operation:
            self.partners.write({"street": "New Street"})
        self.partners[0].street = "Other"
        self.undo(operation)
        self.assertEqual(operation.state, "partly_undone")
        self.partners[0].street = "New Street"
        result = self.undo(operation)
        self.assertEqual(result["restored"], 1)
        self.assertEqual(operation.state, "undone")
        self.assertEqual(self.partners[0].street, "0 Old Street")
