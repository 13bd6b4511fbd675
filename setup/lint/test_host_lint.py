"""The host's own lint tests (module test_lint), applied to our addons only."""

import contextlib
import pathlib
from unittest.mock import patch

from odoo.modules import Manifest
from odoo.modules.registry import Registry

from odoo.addons.test_lint.tests import (
    test_dunderinit,
    test_i18n,
    test_index,
    test_jstranslate,
    test_manifests,
    test_markers,
    test_naming,
    test_onchange_domains,
    test_orm_import,
    test_override_signatures,
    test_pofile,
    test_routes,
    test_test_holes,
)

ADDONS = pathlib.Path(__file__).resolve().parents[2] / "addons"
OURS = sorted(path.parent.name for path in ADDONS.glob("*/__manifest__.py"))
all_addon_manifests = Manifest.all_addon_manifests


def our_manifests():
    return [m for m in all_addon_manifests() if m.name in OURS]


def our_models(name):
    """The models that our addons define or extend."""
    ours = tuple(f"odoo.addons.{addon}." for addon in OURS)
    return {
        model: cls
        for model, cls in Registry(name).items()
        if any(f"{base.__module__}.".startswith(ours) for base in cls.mro())
    }


class OnlyOurs:
    """Show the host's tests our addons instead of all that are on the path."""

    def setUp(self):
        super().setUp()
        with contextlib.ExitStack() as stack:
            stack.enter_context(
                patch.object(Manifest, "all_addon_manifests", our_manifests)
            )
            for module in (test_naming, test_override_signatures):
                stack.enter_context(patch.object(module, "Registry", our_models))
            stack.enter_context(patch.object(test_pofile, "get_modules", lambda: OURS))
            self.addCleanup(stack.pop_all().close)

    def test_our_addons_are_looked_at(self):
        """Guard: a patch that has lost its target would let everything pass."""
        self.assertEqual([m.name for m in Manifest.all_addon_manifests()], OURS)
        self.assertIn("res.partner", test_naming.Registry(self._database()))

    def _database(self):
        from odoo.tests.common import get_db_name

        return get_db_name()


class TestDunderinit(OnlyOurs, test_dunderinit.TestDunderinit):
    pass


class TestI18n(OnlyOurs, test_i18n.TestI18n):
    pass


# Searched by an index of several columns that begins with the field: one more would
# only slow imports and the journal down.
HAS_WIDER_INDEX = {
    "crm.suite.customer.metric.partner_id",
    "crm.suite.import.row.batch_id",
    "crm.suite.lifecycle.transition.partner_id",
    "crm.suite.operation.change.operation_id",
    "crm.suite.segment.event.segment_id",
    "crm.suite.segment.member.segment_id",
}


class TestIndex(OnlyOurs, test_index.TestIndex):
    def setUp(self):
        super().setUp()
        ignored = {*test_index.BTREE_INDEX_IGNORE_FIELDS, *HAS_WIDER_INDEX}
        self.patch(test_index, "BTREE_INDEX_IGNORE_FIELDS", ignored)


class TestJsTranslations(OnlyOurs, test_jstranslate.TestJsTranslations):
    pass


class TestManifests(OnlyOurs, test_manifests.ManifestLinter):
    pass


class TestConflictMarkers(OnlyOurs, test_markers.TestConflictMarkers):
    pass


class TestNaming(OnlyOurs, test_naming.TestNaming):
    pass


class TestOnchangeDomains(OnlyOurs, test_onchange_domains.TestOnchangeDomains):
    pass


class TestOrmImport(OnlyOurs, test_orm_import.TestDunderinit):
    pass


class TestOverrideSignatures(
    OnlyOurs, test_override_signatures.TestLintOverrideSignatures
):
    pass


class TestPofile(OnlyOurs, test_pofile.PotLinter):
    pass


class TestRoutes(OnlyOurs, test_routes.RoutesLinter):
    pass


class TestTestHoles(OnlyOurs, test_test_holes.TestTestHoles):
    pass
