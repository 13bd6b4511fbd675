from odoo import api, models, tools
from odoo.exceptions import UserError

from ..tools.field_use import DRAFT, IN_FORCE, RUNNING, Use, names_field

# How cells of an import become values, and values conditions of a segment.
IMPORTED = ("text", "long_text", "number", "money", "date", "datetime")
IMPORTED += ("boolean", "selection", "relation")


class CustomField(models.Model):
    """Where custom fields are used beside the form."""

    _inherit = "crm.suite.field"

    @tools.ormcache("model_name")
    def _used_fields(self, model_name):
        """Names and kinds of the fields that are on the form, in its order.

        :rtype: tuple[tuple[str, str], ...]
        """
        # sudo: whoever imports or exports has to know that they are there.
        found = self.sudo().search([("model", "=", model_name)])
        found = found.sorted(
            lambda f: (f.section_id.sequence, f.section_id.id, f.sequence, f.id)
        )
        return tuple((field.technical_name, field.kind) for field in found)

    # === WHAT STANDS AGAINST REMOVING ONE === #

    def _check_unused(self):
        """Refuse to take fields away of which something else speaks."""
        for field in self:
            if refusal := field._describe_use(self):
                raise UserError(refusal)

    def _describe_use(self, leaving):
        """What else speaks of a field, as a sentence; ``""`` if nothing does.

        :param leaving: fields that go together with it
        """
        self.ensure_one()
        words = {
            DRAFT: self.env._("“%(other)s” speaks of “%(field)s”: change it first."),
            IN_FORCE: self.env._(
                "“%(other)s” was changed, but what is in force still speaks of “%(field)s”: put the change in force first."
            ),
            RUNNING: self.env._(
                "Requests of “%(other)s” that still run speak of “%(field)s”: wait until they are decided, or move them to the version in force."
            ),
        }
        for use in (*self._get_own_uses(leaving), *self._get_uses()):
            if self._is_named(use):
                return words[use.source] % {"other": use.name, "field": self.name}
        return ""

    def _is_named(self, use):
        model = self.env.get(use.model)
        if model is None:
            return False
        # Its own field of the same name is another one.
        alien = use.model != self.model and self.technical_name in model._fields
        return names_field(use.values, self.technical_name, by_path=alien)

    def _get_own_uses(self, leaving):
        """What other custom fields and the tabs say. What is removed already does not
        matter, until the data go: the host computes it still."""
        customs = self.with_context(active_test=self.active)
        texts = ("expression", "required_when", "visible_when", "rule")
        for custom in customs.search([("id", "not in", leaving.ids)]):
            yield Use(custom.name, custom.model, [custom[name] for name in texts])
        # Some tabs of a few forms.  pylint: disable-next=no-search-all
        for section in self.env["crm.suite.field.section"].search([]):
            yield Use(section.name, section.model, section.visible_when)

    @api.model
    def _get_uses(self):
        """What beside forms stops working without the fields of which it speaks. Hook.

        :rtype: Iterable[Use]
        """
        # sudo: what stands in the way does so whoever may see it. What is archived
        # comes back unchecked.
        env = self.sudo().with_context(active_test=False).env
        rules = env.registry["crm.suite.rule.mixin"]._inherit_children
        for name in (
            *(name for name in rules if not env[name]._abstract),
            "crm.suite.approval.flow",
            "crm.suite.assignment.skill",
            "crm.suite.pool",
        ):
            yield from env[name]._get_field_uses()


class ImportTargetRecord(models.AbstractModel):
    _inherit = "crm.suite.import.target.record"

    @api.model
    def _import_custom_columns(self):
        """Custom fields are columns like others, under their labels."""
        model = self.env[self._import_model]
        return [
            self._import_field_column(name)
            for name, kind in self.env["crm.suite.field"]._used_fields(model._name)
            if kind in IMPORTED and name in model._fields
        ]


class ImportTargetPartner(models.AbstractModel):
    _inherit = "crm.suite.import.target.partner"

    @api.model
    def _import_partner_columns(self):
        return super()._import_partner_columns() + self._import_custom_columns()


class Segment(models.Model):
    _inherit = "crm.suite.segment"

    @api.model
    def _segment_attributes(self):
        names = super()._segment_attributes()
        model = self.env["res.partner"]
        custom = self.env["crm.suite.field"]._used_fields(model._name)
        return [
            *names,
            *(
                name
                for name, _kind in custom
                if name in model._fields and model._fields[name].store
            ),
        ]
