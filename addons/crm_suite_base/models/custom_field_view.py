from lxml import etree

from odoo import api, models

from ..tools.expression import ExpressionProblem, compile_expression
from ..tools.expression_modifier import as_modifier

VIEW_NAME = "crm.suite.field"
GROUP = "crm_suite_base.group_crm_suite_user"
PRIORITY = 200
# Views that show custom fields, by model: kind and external id.
VIEWS = {
    "res.partner": [
        ("form", "crm_suite_base.res_partner_view_form_customer"),
        ("form", "base.view_partner_form"),
        ("list", "crm_suite_base.res_partner_view_list_customer"),
        ("search", "crm_suite_base.res_partner_view_search_customer"),
    ],
    "crm.lead": [
        ("form", "crm.crm_lead_view_form"),
        ("list", "crm.crm_case_tree_view_oppor"),
        ("list", "crm.crm_case_tree_view_leads"),
        ("search", "crm.view_crm_case_opportunities_filter"),
        ("search", "crm.view_crm_case_leads_filter"),
    ],
}
GROUPED = ("selection", "relation", "boolean", "date", "datetime")


class CustomField(models.Model):
    """The views of custom fields, made anew after each change of the layout.

    They inherit from the views that people use, so that these stay as they are; the
    host checks them when they are written, and a layout that it refuses is not saved.
    """

    _inherit = "crm.suite.field"

    @api.model
    def _get_views(self):
        """Views that show custom fields. Hook.

        :return: model -> list of (form, list or search; external id)
        """
        return VIEWS

    @api.model
    def _renew_views(self, model_names):
        for model_name in model_names:
            for kind, xmlid in self._get_views().get(model_name, ()):
                base = self.env.ref(xmlid, raise_if_not_found=False)
                if base:
                    self._renew_view(model_name, kind, xmlid, base)

    @api.model
    def _renew_view(self, model_name, kind, xmlid, base):
        # sudo: views belong to the system; this one shows our own fields only, and
        # only administrators of the suite come here.
        views = self.env["ir.ui.view"].sudo().with_context(lang=None)
        name = f"{VIEW_NAME}.{xmlid}"
        view = views.search([("name", "=", name), ("inherit_id", "=", base.id)])
        # Whoever saves: the names as they are kept, which are translated below.
        custom = self.with_context(lang=None)
        shown = custom.search([("model", "=", model_name)])
        arch = getattr(custom, f"_{kind}_arch")(model_name, shown)
        if arch is None:
            view.unlink()
            return
        text = etree.tostring(arch, encoding="unicode", pretty_print=True)
        if not view:
            view = views.create(
                {
                    "name": name,
                    "model": model_name,
                    "inherit_id": base.id,
                    "mode": "extension",
                    "priority": PRIORITY,
                    "arch": text,
                }
            )
        elif view.arch != text:
            view.arch = text
        if kind == "form":
            self._translate_view(view, shown.section_id)
        elif kind == "search":
            self._translate_view(view, shown)

    @api.model
    def _translate_view(self, view, named):
        """Names in each language.

        :param named: the records whose names the view shows
        """
        for code, _name in self.env["res.lang"].get_installed():
            spoken = {
                record.with_context(lang=None).name: record.with_context(lang=code).name
                for record in named
            }
            if code != "en_US":
                view.update_field_translations("arch_db", {code: spoken})

    @api.model
    def _remove_views(self):
        # sudo: run while the application is uninstalled.
        views = self.env["ir.ui.view"].sudo()
        views.search(
            [("name", "=like", f"{VIEW_NAME}.%"), ("inherit_id", "!=", False)]
        ).unlink()

    # === WHAT THEY SAY === #

    @api.model
    def _form_arch(self, model_name, shown):
        sections = shown.section_id.filtered("active").sorted(
            lambda section: (section.sequence, section.id)
        )
        if not sections:
            return None
        place = etree.Element("xpath", expr="//notebook", position="inside")
        for section in sections:
            page = etree.SubElement(
                place,
                "page",
                name=f"x_crm_section_{section.id}",
                string=section.name,
                groups=GROUP,
            )
            if section.visible_when:
                shown_when = self._compile_of(section, "visible_when")
                page.set("invisible", f"not {as_modifier(shown_when)}")
            group = etree.SubElement(page, "group")
            for field in shown.filtered(lambda f, s=section: f.section_id == s):
                etree.SubElement(group, "field", field._form_attributes())
        return place

    def _form_attributes(self):
        attributes = {"name": self.technical_name}
        if self.wide or self.kind == "long_text":
            attributes["colspan"] = "2"
        if self.kind == "relation":
            attributes["options"] = "{'no_create': True}"
        if self.visible_when:
            attributes["invisible"] = (
                f"not {as_modifier(self._compile('visible_when'))}"
            )
        required = self._required_modifier()
        if required:
            attributes["required"] = required
        return attributes

    def _required_modifier(self):
        """What marks the field as required in the form, where a form can know it."""
        if not (self.required_when or "").strip():
            return ""
        try:
            found = compile_expression(
                self.required_when, self._describe(), self.model, expect="boolean"
            )
            # What a hidden tab holds need not be filled in; that a field is hidden by
            # itself, the form knows.
            tab = self._compile_of(self.section_id, "visible_when")
            return " and ".join(map(as_modifier, filter(None, (found, tab))))
        except ExpressionProblem:
            # It looks beyond the form: the server says so when the record is saved.
            return ""

    @api.model
    def _list_arch(self, model_name, shown):
        if not shown:
            return None
        place = etree.Element("xpath", expr="//list", position="inside")
        for field in shown.filtered(lambda f: f.kind != "long_text"):
            etree.SubElement(place, "field", name=field.technical_name, optional="hide")
        return place

    @api.model
    def _search_arch(self, model_name, shown):
        shown = shown.filtered("stored")
        if not shown:
            return None
        place = etree.Element("xpath", expr="//search", position="inside")
        for field in shown:
            etree.SubElement(place, "field", name=field.technical_name, groups=GROUP)
        for field in shown.filtered(lambda f: f.kind in GROUPED):
            etree.SubElement(
                place,
                "filter",
                name=f"group_{field.technical_name}",
                string=field.name,
                context=f"{{'group_by': '{field.technical_name}'}}",
                groups=GROUP,
            )
        return place
