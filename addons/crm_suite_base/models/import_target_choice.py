import difflib
import unicodedata

from odoo import api, models

from ..tools.import_places import CN_PROVINCES, COUNTRIES, short_province

# Two records answer to the same word: neither is meant for certain.
AMBIGUOUS = -1
# As similar as a slip of the pen; anything less is asked back.
_SLIP = 0.9


def fold(text):
    """A name without what writers vary: case, width, blanks.

    >>> fold(" Ｕnited  States ")
    'united states'
    """
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


class ImportChoice(models.AbstractModel):
    """Records of short lists by every word that can mean them.

    Countries, provinces, industries, teams, stages, sources and currencies are read
    once per worker: their names in all languages, their codes and external ids.
    """

    _inherit = "crm.suite.import.target"

    @api.model
    def _import_creatable(self):
        """Models of which a missing record may be created from its name; a hook.

        :return: model name to values of a new record beside its name
        :rtype: dict[str, dict]
        """
        return {
            "crm.tag": {},
            "res.partner.industry": {},
            "utm.campaign": {},
            "utm.medium": {},
            "utm.source": {},
            "res.partner.category": {},
        }

    @api.model
    def _import_choices(self, comodel):
        """All words for the records of ``comodel``.

        :return: folded word to id, or :data:`AMBIGUOUS`
        :rtype: dict[str, int]
        """
        words = {}
        # Only models that are short lists (see the callers) come here.
        # pylint: disable-next=no-search-all
        records = self.env[comodel].search([])
        for record, text in self._import_choice_words(records):
            word = fold(text)
            if word and words.setdefault(word, record.id) != record.id:
                words[word] = AMBIGUOUS
        for xmlid in records.get_external_id().items():
            if xmlid[1]:
                words.setdefault(fold(xmlid[1]), xmlid[0])
        return words

    @api.model
    def _import_choice_words(self, records):
        """Pairs of record and word; the names in every language among them."""
        name = records._rec_name or "name"
        languages = {"en_US", *dict(self.env["res.lang"].get_installed())}
        if not records._fields[name].translate:
            languages = {self.env.lang}
        for lang in sorted(languages, key=str):
            for record in records.with_context(lang=lang):
                yield record, record[name] or ""
        extra = getattr(
            self, "_import_words_" + records._name.replace(".", "_"), lambda records: ()
        )
        yield from extra(records)

    def _import_words_res_country(self, countries):
        by_code = {country.code: country for country in countries}
        for country in countries:
            yield country, country.code or ""
        for word, code in COUNTRIES.items():
            if code in by_code:
                yield by_code[code], word

    def _import_words_crm_suite_lifecycle_stage(self, stages):
        for stage in stages:
            yield stage, stage.code

    def _import_words_res_currency(self, currencies):
        for currency in currencies:
            yield currency, currency.full_name or ""

    @api.model
    def _import_states(self):
        """Provinces: word to a dictionary of country to province."""
        words = {}
        pinyin = {code: word for word, code in CN_PROVINCES.items()}
        # Two thousand provinces, read once per file.
        # pylint: disable-next=no-search-all
        for state in self.env["res.country.state"].search([]):
            country = state.country_id
            names = {state.name, state.code}
            if country.code == "CN":
                names |= {short_province(state.name), pinyin.get(state.code)}
            for word in names:
                if word:
                    words.setdefault(fold(word), {})[country.id] = state.id
        return words

    @api.model
    def _import_choose_state(self, plan, column, text, vals):
        """The province called ``text`` in the country of the row."""
        if "states" not in plan.memory:
            plan.memory["states"] = self._import_states()
        by_country = plan.memory["states"].get(fold(text)) or plan.memory["states"].get(
            fold(short_province(str(text)))
        )
        given, default = vals.get("country_id"), plan.defaults.get("country_id")
        if by_country and not given:
            for likely in (default, self.env.company.country_id.id):
                if likely in by_country:
                    return by_country[likely]
            if len(by_country) == 1:
                return next(iter(by_country.values()))
        country_id = given or default
        found = (by_country or {}).get(country_id)
        if not found:
            message = self.env._(
                "“%(value)s” is no province of the country.", value=text
            )
            if not country_id:
                message = self.env._(
                    "“%(value)s” is a province of several countries or of none. Give the country.",
                    value=text,
                )
            raise ValueError(message)
        return found

    @api.model
    def _import_choose(self, plan, column, text):
        """The id of the record of a short list that ``text`` means.

        :return: an id; or ``{"new": text}`` if the record may be created
        :raise ValueError: says what is wrong and, if something is close, what was
            perhaps meant
        """
        words = self._import_remember(plan, column.comodel)
        found = words.get(fold(text))
        if found and found != AMBIGUOUS:
            return found
        if found == AMBIGUOUS:
            raise ValueError(
                self.env._(
                    "“%(value)s” is the name of several records. Give its external id.",
                    value=text,
                )
            )
        if plan.create_missing and column.comodel in self._import_creatable():
            return {"new": " ".join(str(text).split())}
        raise ValueError(self._import_unknown_text(words, column, text))

    @api.model
    def _import_new_choice(self, plan, comodel, text):
        """The record made for a name that was new; None in a dry run."""
        found = self._import_remember(plan, comodel).get(fold(text))
        return found if found != AMBIGUOUS else None

    @api.model
    def _import_creatable_columns(self, plan):
        """Pairs of column and model for which missing records are created."""
        creatable = self._import_creatable()
        return [
            (mapped.column.name, mapped.column.comodel)
            for mapped in plan.mapped
            if mapped.column.comodel in creatable and mapped.column.kind != "record"
        ]

    @api.model
    def _import_create_choices(self, comodel, texts):
        """Create the records of ``comodel`` for those ``texts`` that have none."""
        words = self._import_choices(comodel)
        new = {}
        for text in texts:
            if fold(text) not in words:
                new.setdefault(fold(text), text)
        extra = self._import_creatable()[comodel]
        model = self.env[comodel]
        return model.create([{model._rec_name: text, **extra} for text in new.values()])

    @api.model
    def _import_remember(self, plan, comodel):
        key = ("choices", comodel)
        if key not in plan.memory:
            plan.memory[key] = self._import_choices(comodel)
        return plan.memory[key]

    @api.model
    def _import_unknown_text(self, words, column, text):
        close = difflib.get_close_matches(fold(text), words, 1, 0.75)
        if close:
            record = self.env[column.comodel].browse(words[close[0]])
            if record.id != AMBIGUOUS:
                return self.env._(
                    "“%(value)s” is not known. Did you mean “%(close)s”?",
                    value=text,
                    close=record.display_name,
                )
        return self.env._("“%(value)s” is not known.", value=text)

    @api.model
    def _import_slip(self, plan, column, text):
        """The record of a fixed list of which ``text`` is a misspelling.

        :return: an id, or None if nothing or more than one thing is that close
        """
        words = self._import_remember(plan, column.comodel)
        close = difflib.get_close_matches(fold(text), words, 2, _SLIP)
        ids = {words[word] for word in close}
        return ids.pop() if len(ids) == 1 and AMBIGUOUS not in ids else None
