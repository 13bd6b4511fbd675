from contextlib import ExitStack, contextmanager

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ROLE

PEOPLE = 5


@tagged("post_install", "-at_install")
class TestPoolConcurrency(BaseCase):
    """Real transactions at once: what is committed here is removed by hand.

    Each person has a connection and a view of the database of his own, taken before
    anybody takes anything: nobody can see what the others do.
    """

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._remove)
        with self.committing() as env:
            users = env["res.users"]
            for number in range(PEOPLE):
                users |= new_test_user(env, f"suite_pool_{number}", f"{ROLE}sales_rep")
            self.user_ids = users.ids
            pool = env["crm.suite.pool"].create(
                {
                    "name": "Concurrent Pool",
                    "member_ids": [Command.set(users.ids)],
                    "cooldown_days": 0,
                }
            )
            self.pool_id = pool.id
            stage = env.ref("crm_suite_base.lifecycle_stage_lead")
            customers = env["res.partner"].create(
                [
                    {
                        "name": f"Concurrent pooled {number}",
                        "is_company": True,
                        "user_id": False,
                        "crm_suite_lifecycle_id": stage.id,
                        "crm_suite_pool_id": pool.id,
                        "crm_suite_home_pool_id": pool.id,
                    }
                    for number in range(PEOPLE)
                ]
            )
            self.ids = customers.ids

    def _remove(self):
        with self.committing() as env:
            partners = env["res.partner"].browse(self.ids).exists()
            env["crm.suite.operation"].search(
                [("name", "ilike", "Concurrent Pool")]
            ).unlink()
            partners.unlink()
            env["crm.suite.pool"].browse(self.pool_id).exists().unlink()
            users = env["res.users"].browse(self.user_ids).exists()
            people = users.partner_id
            users.unlink()
            people.unlink()

    @contextmanager
    def committing(self):
        # A cursor of its own connection: what people see of each other is the test.
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def race(self, wishes):
        """Let people claim who all looked before the first of them took anything.

        A request that fails because its view is old is run again, as the server does.

        :param wishes: ids of the customers that each of them wants
        :return: the answers, and how many requests were run again
        """
        answers, again = [], 0
        with ExitStack() as stack:
            envs = []
            for user_id in self.user_ids[: len(wishes)]:
                cr = stack.enter_context(self.registry.cursor())
                envs.append(api.Environment(cr, user_id, {}))
                envs[-1]["crm.suite.pool"].browse(self.pool_id).mapped("name")
            for env, ids in zip(envs, wishes, strict=True):
                pool = env["crm.suite.pool"].browse(self.pool_id)
                try:
                    answer = pool.action_claim(ids)
                except SerializationFailure:
                    again += 1
                    env.cr.rollback()
                    env.invalidate_all(flush=False)
                    answer = pool.action_claim(ids)
                env.cr.commit()
                answers += answer
        return answers, again

    @mute_logger("odoo.sql_db")
    def test_all_want_the_same_customer(self):
        answers, again = self.race([self.ids[:1]] * PEOPLE)
        self.assertEqual([a["ok"] for a in answers], [True] + [False] * (PEOPLE - 1))
        self.assertEqual(again, PEOPLE - 1)
        for answer in answers[1:]:
            self.assertIn("does not lie in the pool", answer["reason"])
        with self.committing() as env:
            owner = env["res.partner"].browse(self.ids[0]).user_id
            self.assertEqual(owner.id, self.user_ids[0])
            moves = env["crm.suite.pool.move"].search([("res_id", "=", self.ids[0])])
            self.assertEqual(len(moves), 1)

    @mute_logger("odoo.sql_db")
    def test_all_want_the_last_place_of_the_pool(self):
        with self.committing() as env:
            env["crm.suite.pool"].browse(self.pool_id).cap_pool = 2
            env["res.partner"].browse(self.ids[-1]).user_id = SUPERUSER_ID
        answers, _again = self.race([[id_] for id_ in self.ids[:-1]])
        self.assertEqual([a["ok"] for a in answers], [True, False, False, False])
        for answer in answers[1:]:
            self.assertIn("out of this pool already", answer["reason"])
        with self.committing() as env:
            owned = env["res.partner"].browse(self.ids[:-1]).filtered("user_id")
            self.assertEqual(owned.ids, self.ids[:1])

    def test_who_comes_while_another_takes_it_does_not_wait(self):
        with self.registry.cursor() as cr, self.registry.cursor() as other:
            first, second = (
                api.Environment(cursor, user_id, {})["crm.suite.pool"].browse(
                    self.pool_id
                )
                for cursor, user_id in zip((cr, other), self.user_ids, strict=False)
            )
            self.assertTrue(first.action_claim(self.ids[:1])[0]["ok"])
            answers = second.action_claim(self.ids[:2])
            self.assertEqual([a["ok"] for a in answers], [False, True])
            self.assertIn("about to take it", answers[0]["reason"])
            other.commit()
            cr.commit()  # pylint: disable=invalid-commit
