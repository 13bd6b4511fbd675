import re

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationModuleReader

MODULE = "crm_suite_base"
# Of a tag, these attributes are translated with the text around it.
TRANSLATED = re.compile(r' (title|aria-label|placeholder)="[^"]*"')
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|<[^>]+>")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!()]|[,;:?!()][\u4e00-\u9fff]")
# Left empty in the file: they read the same in both languages.
SAME = {
    "%(one)s – %(relation)s – %(other)s",
    "CSV",
    "ID",
    "https://",
    "name@example.com",
}
# A term that only demo records have is not exported where there is no demo data.
DEMO_ONLY = re.compile(r"^model(_terms)?:(?!ir\.model).*_demo(_product_template)?$")


@tagged("post_install", "-at_install", "crm_suite_translations")
class TestTranslations(TransactionCase):
    """The interface is complete in Chinese, and the files say what the code says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls._read(f"{MODULE}.pot")
        cls.chinese = cls._read("zh_CN.po")
        reader = TranslationModuleReader(cls.env.cr, modules=[MODULE])
        cls.exported = {source for *_head, source, _value, _comments in reader}

    @classmethod
    def _read(cls, name):
        return polib.pofile(file_path(f"{MODULE}/i18n/{name}"))

    def _terms(self, catalogue):
        """Terms of a file that this database can export."""
        has_demo = self.env["ir.module.module"]._get(MODULE).demo
        return {
            entry.msgid
            for entry in catalogue
            if has_demo
            or not all(DEMO_ONLY.match(name) for name, _line in entry.occurrences)
        }

    def test_template_is_current(self):
        """Export again when this fails: nothing new is left out, nothing old stays."""
        terms = self._terms(self.template)
        self.assertFalse(self.exported - terms, "terms that the template lacks")
        self.assertFalse(terms - self.exported, "terms that nothing shows any more")

    def test_chinese_is_complete(self):
        template = {entry.msgid for entry in self.template}
        translated = {entry.msgid for entry in self.chinese if entry.translated()}
        self.assertFalse(
            template - translated - SAME, "terms without a Chinese translation"
        )
        self.assertFalse(
            {entry.msgid for entry in self.chinese} - template,
            "translations of terms that are not in the template",
        )

    def test_placeholders_and_markup_are_kept(self):
        def marks(text):
            return sorted(PLACEHOLDER.findall(TRANSLATED.sub("", text)))

        self.assertFalse(
            {
                entry.msgid: entry.msgstr
                for entry in self.chinese.translated_entries()
                if marks(entry.msgid) != marks(entry.msgstr)
            }
        )

    def test_chinese_punctuation_is_full_width(self):
        self.assertFalse(
            [e.msgstr for e in self.chinese if HALF_WIDTH.search(e.msgstr)]
        )
