from odoo import api, models
from odoo.tools import SQL

from ..tools.duplicate_score import connect
from .duplicate_pair import SIDES


class DuplicatePairGroup(models.Model):
    """Which open pairs hang together."""

    _inherit = "crm.suite.duplicate.pair"

    def _regroup(self):
        """Find out anew which open pairs hang together with these."""
        rows = [
            {
                name: pair[name]
                for name in ("left_model", "left_id", "right_model", "right_id")
            }
            for pair in self.sudo()
        ]
        self._regroup_around(rows)

    @api.model
    def _regroup_around(self, rows):
        """Group the open pairs that share a record with ``rows``, step by step.

        :param list[dict] rows: with both sides of pairs
        """
        self.flush_model()
        seen = {
            (row[f"{side}_model"], row[f"{side}_id"]) for row in rows for side in SIDES
        }
        fresh, pairs = seen, {}
        while fresh:
            found = self._read_touching(fresh)
            pairs.update(found)
            ends = {end for ends in found.values() for end in ends}
            fresh = ends - seen
            seen = seen | ends
        self._write_groups(pairs)

    @api.model
    def _join_groups(self, rows):
        """Take pairs that were added into the groups of what they touch.

        Of a group only one pair for each record is read: the shops of a chain that are
        imported one after the other do not read the growing group again and again.

        :param list[dict] rows: both sides of the pairs that were added
        """
        self.flush_model()
        added = self._read_added(rows)
        ends = {end for _group, *both in added.values() for end in both}
        known = self._read_group_ids(ends)
        links = [both for _group, *both in added.values()]
        links += [(end, ("", group)) for end, group in known.items()]
        roots = connect(links)
        first = {}
        for id_, (_group, end, _other) in added.items():
            first.setdefault(roots[end], []).append(id_)
        for end, group in known.items():
            first[roots[end]].append(group)
        first = {root: min(ids) for root, ids in first.items()}
        groups = {id_: first[roots[end]] for id_, (_g, end, _o) in added.items()}
        moved = {group: first[roots[end]] for end, group in known.items()}
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_duplicate_pair d SET group_id = g.group_id
                  FROM (SELECT d.id, m.group_id
                          FROM unnest(%s::int[], %s::int[]) m(old_id, group_id)
                          JOIN crm_suite_duplicate_pair d ON d.group_id = m.old_id
                         WHERE m.old_id != m.group_id
                         UNION
                        SELECT * FROM unnest(%s::int[], %s::int[])) g(id, group_id)
                 WHERE d.id = g.id AND d.group_id IS DISTINCT FROM g.group_id
                """,
                list(moved),
                list(moved.values()),
                list(groups),
                list(groups.values()),
            )
        )
        self.invalidate_model(flush=False)

    def _read_added(self, rows):
        """Open pairs by their sides: group and both ends by id."""
        self.env.cr.execute(
            SQL(
                """
                SELECT d.id, d.group_id, d.left_model, d.left_id,
                       d.right_model, d.right_id
                  FROM unnest(%s::varchar[], %s::int[], %s::varchar[], %s::int[])
                    AS r(left_model, left_id, right_model, right_id)
                  JOIN crm_suite_duplicate_pair d
                 USING (left_model, left_id, right_model, right_id)
                 WHERE d.state = 'new'
                """,
                *(
                    [row[name] for row in rows]
                    for name in ("left_model", "left_id", "right_model", "right_id")
                ),
            )
        )
        return {row[0]: (row[1], row[2:4], row[4:6]) for row in self.env.cr.fetchall()}

    def _read_group_ids(self, ends):
        """The group of each record that is in one: all its open pairs are in the same."""
        self.env.cr.execute(
            SQL(
                """
                SELECT e.model, e.id, g.group_id
                  FROM unnest(%s::varchar[], %s::int[]) e(model, id)
            CROSS JOIN LATERAL (
                    (SELECT d.group_id FROM crm_suite_duplicate_pair d
                      WHERE d.left_model = e.model AND d.left_id = e.id
                        AND d.state = 'new' AND d.group_id IS NOT NULL LIMIT 1)
                     UNION ALL
                    (SELECT d.group_id FROM crm_suite_duplicate_pair d
                      WHERE d.right_model = e.model AND d.right_id = e.id
                        AND d.state = 'new' AND d.group_id IS NOT NULL LIMIT 1)
                 LIMIT 1) g
                """,
                [model for model, _id in ends],
                [id_ for _model, id_ in ends],
            )
        )
        return {(model, id_): group for model, id_, group in self.env.cr.fetchall()}

    def _read_touching(self, ends):
        """Open pairs with one of these records, with both of their ends."""
        self.env.cr.execute(
            SQL(
                """
                WITH e AS (SELECT * FROM unnest(%s::varchar[], %s::int[]) e(model, id))
                SELECT d.id, d.left_model, d.left_id, d.right_model, d.right_id
                  FROM e JOIN crm_suite_duplicate_pair d
                    ON d.left_model = e.model AND d.left_id = e.id AND d.state = 'new'
                 UNION
                SELECT d.id, d.left_model, d.left_id, d.right_model, d.right_id
                  FROM e JOIN crm_suite_duplicate_pair d
                    ON d.right_model = e.model AND d.right_id = e.id
                   AND d.state = 'new'
                """,
                [model for model, _id in ends],
                [id_ for _model, id_ in ends],
            )
        )
        return {row[0]: (row[1:3], row[3:5]) for row in self.env.cr.fetchall()}

    @api.model
    def _regroup_all(self):
        """Group all open pairs: after a search of the whole database."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT id, left_model, left_id, right_model, right_id"
                "  FROM crm_suite_duplicate_pair WHERE state = 'new'"
            )
        )
        self._write_groups(
            {row[0]: (row[1:3], row[3:5]) for row in self.env.cr.fetchall()}
        )

    def _write_groups(self, pairs):
        """Give each pair the first pair of its group.

        :param dict pairs: both ends by the id of the pair
        """
        roots = connect(pairs.values())
        first = {}
        for id_ in sorted(pairs):
            first.setdefault(roots[pairs[id_][0]], id_)
        groups = {id_: first[roots[ends[0]]] for id_, ends in pairs.items()}
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_duplicate_pair d SET group_id = g.group_id
                  FROM unnest(%s::int[], %s::int[]) g(id, group_id)
                 WHERE d.id = g.id AND d.group_id IS DISTINCT FROM g.group_id
                """,
                list(groups),
                list(groups.values()),
            )
        )
        self.env.cr.execute(
            SQL(
                "UPDATE crm_suite_duplicate_pair SET group_id = NULL"
                " WHERE state != 'new' AND group_id IS NOT NULL"
            )
        )
        self.invalidate_model(flush=False)
