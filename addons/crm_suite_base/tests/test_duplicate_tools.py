import doctest

from odoo.tests import BaseCase, tagged

from ..tools import duplicate_keys, duplicate_score
from ..tools.duplicate_keys import make_blocks, make_keys
from ..tools.duplicate_score import Rule, Term, connect, first_match, rules_by_kind


def company(name, **values):
    return make_keys({"kind": "company", "name": name, **values})


def person(name, **values):
    return make_keys({"kind": "person", "name": name, **values})


@tagged("post_install", "-at_install")
class TestDuplicateTools(BaseCase):
    """Keys, blocks and scores, without a database."""

    def test_examples_of_the_docstrings(self):
        for module in (duplicate_keys, duplicate_score):
            failed, tried = doctest.testmod(module)
            self.assertFalse(failed)
            self.assertTrue(tried or module is duplicate_score)

    def _found(self, rule, left, right):
        one = first_match(rules_by_kind([("it", rule)]), left, right)
        other = first_match(rules_by_kind([("it", rule)]), right, left)
        self.assertEqual(one, other, "in both directions the same")
        return one[1] if one else None

    # --- blocks: what is never compared is never found

    def test_the_same_company_shares_a_block(self):
        first = company("深圳市华强电子有限公司")
        for name in (
            "深圳华强电子股份有限公司",
            "深圳市華強電子",
            "华强电子",
            "Shenzhen Huaqiang Dianzi Co., Ltd.",
        ):
            with self.subTest(name):
                shared = set(make_blocks(first)) & set(make_blocks(company(name)))
                self.assertTrue(shared)

    def test_a_person_with_a_typing_error_shares_a_block(self):
        first = person("Harley Mccarthy", street="177 Pridham Street", zip="3165")
        second = person("Harlye Mccarthy", street="177 Pridhan Street", zip="3156")
        self.assertTrue(set(make_blocks(first)) & set(make_blocks(second)))

    def test_a_city_alone_does_not_bring_a_family_together(self):
        """A city has thousands of each family name: they would all be compared."""
        blocks = [
            set(make_blocks(person(name, city="上海"))) for name in ("王芳", "王芬")
        ]
        self.assertFalse(blocks[0] & blocks[1])
        here, near, far = (
            set(make_blocks(person(name, city="上海", street=street)))
            for name, street in (
                ("王芳", "南京路8号"),
                ("王芬", "南京西路8号"),
                ("王小明", "淮海路1号"),
            )
        )
        self.assertTrue(here & near)
        self.assertFalse(here & far)

    # --- rules

    def test_all_conditions_together(self):
        rule = Rule((Term("phone"), Term("name", exact=False, threshold=0.6)))
        first = company("华强电子", phones=["+8675586013388"])
        self.assertTrue(
            self._found(rule, first, company("华强", phones=["86 755 8601 3388"]))
        )
        for other in (
            company("海天食品", phones=["+8675586013388"]),
            company("华强电子", phones=["+8675586013389"]),
            company("华强电子"),
        ):
            self.assertFalse(self._found(rule, first, other))

    def test_evidence_is_weighed(self):
        terms = (
            Term("name", exact=False, threshold=0.5),
            Term("vat", exact=False, threshold=0),
            Term("street", exact=False, threshold=0),
        )
        rule = Rule(terms, mode="score", kind="person", least=0.8, known=3)
        values = {"vat": "4804974", "street": "7 wallaby place"}
        first = person("Mitchell Green", **values)
        typed = person("Mitchel Green", vat="4804947", street="7 walaby place")
        found = self._found(rule, first, typed)
        self.assertGreater(found.score, 0.9)
        self.assertEqual(set(found.reasons), {"name", "vat", "street"})
        little = person("Mitchell Green", vat="4804974")
        self.assertFalse(self._found(rule, first, little), "little known, no proof")
        other = person("Jonas Wieder", **values)
        self.assertFalse(self._found(rule, first, other), "the name speaks against it")

    def test_rules_of_companies_leave_people_alone(self):
        rule = Rule((Term("name"),), kind="company")
        self.assertTrue(self._found(rule, company("Wang Lei"), company("Wang Lei")))
        self.assertFalse(self._found(rule, person("Wang Lei"), company("Wang Lei")))
        unknown = make_keys({"name": "Wang Lei"})
        self.assertTrue(self._found(rule, unknown, company("Wang Lei")))

    def test_the_first_rule_that_fits_tells(self):
        rules = rules_by_kind(
            [("phone", Rule((Term("phone"),))), ("name", Rule((Term("name"),)))]
        )
        left = company("华强", phones=["+8675586013388"])
        self.assertEqual(first_match(rules, left, left)[0], "phone")
        self.assertEqual(first_match(rules, left, company("华强"))[0], "name")
        self.assertIsNone(first_match(rules, left, company("海天")))

    def test_groups(self):
        groups = connect([(5, 4), (4, 1), (7, 8)])
        self.assertEqual(groups, {1: 1, 4: 1, 5: 1, 7: 7, 8: 7})
