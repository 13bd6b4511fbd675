from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.assignment import (
    LEAST_LOADED,
    ROUND_ROBIN,
    WEIGHTED,
    Chooser,
    Person,
    Queue,
)
from .fuzzing import fuzz

SETTINGS = fuzz(120)
PEOPLE = range(1, 8)


def hand_out(presence, order=ROUND_ROBIN, weights=None, stored=True):
    """Hand out one record for each set of people who are there.

    :param stored: keep the turns between the records as the database does
    :return: who got each
    """
    data, chosen = {}, []
    queue = Queue()
    for there in presence:
        if stored:
            queue = Queue.load(data)
        chooser = Chooser(Person(key, (weights or {}).get(key, 1)) for key in PEOPLE)
        key, _next = chooser.choose(queue, sorted(there), order)
        chosen.append(key)
        data = queue.dump(PEOPLE)
    return chosen


@st.composite
def rosters(draw):
    """Who is there for each of some hundred records: people leave and come back."""
    there = set(draw(st.sets(st.sampled_from(PEOPLE), min_size=2)))
    roster = []
    for _change in range(draw(st.integers(1, 12))):
        roster += [frozenset(there)] * draw(st.integers(1, 40))
        person = draw(st.sampled_from(PEOPLE))
        there ^= {person}
        if not there:
            there.add(person)
    return roster


@tagged("-at_install", "post_install")
class TestAssignmentEngine(BaseCase):
    def test_turns_in_order(self):
        self.assertEqual(hand_out([{1, 2, 3}] * 7), [1, 2, 3, 1, 2, 3, 1])

    def test_weights(self):
        counts = Counter(
            hand_out([{1, 2, 3}] * 100, WEIGHTED, weights={1: 1, 2: 3, 3: 6})
        )
        self.assertEqual(counts, {1: 10, 2: 30, 3: 60})
        equal = Counter(hand_out([{1, 2, 3}] * 99, weights={1: 1, 2: 3, 3: 6}))
        self.assertEqual(set(equal.values()), {33}, "round robin knows no weights")

    def test_least_loaded(self):
        people = [Person(1, load=5), Person(2, load=2), Person(3, load=2)]
        chooser, queue = Chooser(people), Queue()
        got = [chooser.choose(queue, [1, 2, 3], LEAST_LOADED)[0] for _ in range(7)]
        self.assertEqual(Counter(got), {2: 3, 3: 3, 1: 1})
        self.assertEqual([person.load for person in people], [6, 5, 5])

    def test_who_is_full_gets_nothing(self):
        chooser, queue = Chooser([Person(1, room=1), Person(2, room=2)]), Queue()
        got = [chooser.choose(queue, [1, 2], ROUND_ROBIN)[0] for _ in range(5)]
        self.assertEqual(got, [1, 2, 2, None, None])
        self.assertFalse(chooser.give(1))

    def test_out_of_turn_costs_no_turn_but_room(self):
        chooser, queue = Chooser([Person(1, room=2), Person(2)]), Queue()
        self.assertTrue(chooser.give(1))
        got = [chooser.choose(queue, [1, 2], ROUND_ROBIN)[0] for _ in range(3)]
        self.assertEqual(got, [1, 2, 2])

    def test_next_ones_are_told(self):
        _first, others = Chooser(map(Person, PEOPLE)).choose(
            Queue(), PEOPLE, "weighted"
        )
        self.assertEqual(others, [2, 3, 4])

    def test_unknown_order(self):
        with self.assertRaises(ValueError):
            Chooser([Person(1)]).choose(Queue(), [1], "lottery")

    def test_nobody(self):
        self.assertEqual(Chooser([]).choose(Queue(), [], ROUND_ROBIN), (None, []))

    def test_skills_of_one_do_not_starve_him_afterwards(self):
        """A hundred records only he could take: then turns go on, no burst for others."""
        got = hand_out([{1}] * 100 + [{1, 2, 3}] * 6)[100:]
        self.assertEqual(Counter(got), {1: 2, 2: 2, 3: 2})

    @SETTINGS
    @given(rosters(), st.booleans())
    def test_no_two_present_people_differ_by_more_than_one(self, roster, stored):
        """Over any stretch of a hundred, and any shorter one."""
        chosen = hand_out(roster, stored=stored)
        for start in range(0, len(roster), 7):
            present = set(PEOPLE)
            counts = Counter()
            for there, key in list(zip(roster, chosen, strict=True))[start:][:100]:
                present &= there
                counts[key] += 1
                for one, other in combinations(sorted(present), 2):
                    self.assertLessEqual(abs(counts[one] - counts[other]), 1)

    @SETTINGS
    @given(rosters())
    def test_no_burst_and_no_lost_turn_after_leave(self, roster):
        """Who comes back is served within one round, and not twice before the others."""
        chosen = hand_out(roster)
        for at in range(1, len(roster)):
            for person in roster[at] - roster[at - 1]:
                after = list(zip(roster, chosen, strict=True))[at:]
                turns, others = 0, Counter()
                for there, key in after:
                    if person not in there:
                        break
                    turns += key == person
                    others[key] += key != person
                    steady = [k for k in PEOPLE if all(k in t for t, _ in after[:1])]
                    if not turns:
                        self.assertLessEqual(max(others.values(), default=0), 2)
                    elif turns == 2:
                        served = [k for k in steady if k in there and k != person]
                        stayed = [k for k in served if self._stays(after, k, person)]
                        self.assertTrue(all(others[k] for k in stayed))
                        break

    def _stays(self, after, key, person):
        """Whether a person is there until the other one had his second turn."""
        turns = 0
        for there, chosen in after:
            if key not in there:
                return False
            turns += chosen == person
            if turns == 2:
                return True
        return True

    @SETTINGS
    @given(rosters())
    def test_same_question_same_answer(self, roster):
        self.assertEqual(hand_out(roster), hand_out(roster))
        self.assertEqual(hand_out(roster), hand_out(roster, stored=False))

    @SETTINGS
    @given(
        st.dictionaries(st.sampled_from(PEOPLE), st.integers(0, 20), min_size=1),
        st.integers(1, 80),
    )
    def test_nobody_gets_more_than_he_has_room_for(self, rooms, records):
        chooser = Chooser(Person(key, room=room) for key, room in rooms.items())
        queue = Queue()
        got = [
            chooser.choose(queue, list(rooms), ROUND_ROBIN)[0] for _ in range(records)
        ]
        counts = Counter(key for key in got if key)
        for key, room in rooms.items():
            self.assertLessEqual(counts[key], room)
        self.assertEqual(sum(counts.values()), min(records, sum(rooms.values())))
