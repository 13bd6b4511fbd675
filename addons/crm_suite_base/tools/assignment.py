"""Who gets the next record: plain Python, the same answer for the same question.

A :class:`Chooser` knows the people with what they have already, and hands out one record
after the other. The order of turns is kept in a :class:`Queue` between runs.

*Turns.* Each person has a mark on a common scale; who is served moves forward by a
step (the smaller, the more weight he has), and the one furthest behind is next. So
between two turns of one person everybody else of the same weight has exactly one, and
over any stretch no two people of equal weight who are there differ by more than one.

*Coming back.* The marks of people who cannot be served stand still. Before anybody is
compared, a mark behind the scale's own clock (the mark of whoever was served last) is
moved up to it: who comes back from leave, or has room again, is among the next, but
gets none of the turns that went by.
"""

from dataclasses import dataclass, field
from heapq import nsmallest

# Divisible by all usual weights, so that the steps are whole numbers and no rounding
# adds up.
STEP = 5_040_000
ROUND_ROBIN, WEIGHTED, LEAST_LOADED = "round_robin", "weighted", "least_loaded"


@dataclass(slots=True)
class Person:
    """Somebody who may get records.

    :ivar key: id of the person, the same in all runs
    :ivar weight: how many turns he has compared with others; above zero
    :ivar load: how many open records he has
    :ivar room: how many more he may get; None: any number
    """

    key: int
    weight: int = 1
    load: int = 0
    room: int | None = None

    @property
    def is_full(self):
        return self.room is not None and self.room <= 0

    def take(self):
        self.load += 1
        if self.room is not None:
            self.room -= 1


@dataclass(slots=True)
class Queue:
    """The turns of one rule.

    :ivar clock: the mark of whoever was served last, before his step
    :ivar served: how many were served; tells who of two equal ones waited longer
    :ivar marks: ``{key: (mark, served at)}``
    """

    clock: int = 0
    served: int = 0
    marks: dict = field(default_factory=dict)

    @classmethod
    def load(cls, data):
        """Read what :meth:`dump` wrote.

        :rtype: Queue
        """
        if not data:
            return cls()
        marks = {int(key): tuple(mark) for key, mark in data["marks"].items()}
        return cls(data["clock"], data["served"], marks)

    def dump(self, keys=None):
        """What must be kept until the next run, as JSON takes it.

        The scale is moved back to zero, so the numbers stay small for years.

        :param keys: the people who are still there; others are forgotten
        :rtype: dict
        """
        kept = self.marks if keys is None else self.marks.keys() & set(keys)
        return {
            "clock": 0,
            "served": self.served,
            "marks": {
                str(key): [max(self.marks[key][0] - self.clock, 0), self.marks[key][1]]
                for key in sorted(kept)
            },
        }

    def turn(self, key):
        """Sort by this: the smallest is next."""
        mark, served = self.marks.get(key, (0, 0))
        return (max(mark, self.clock), served, key)

    def serve(self, key, weight):
        """Note that a person had a turn."""
        mark = max(self.marks.get(key, (0, 0))[0], self.clock)
        self.clock = mark
        self.served += 1
        self.marks[key] = (mark + STEP // weight, self.served)


class Chooser:
    """Hands out records, one after the other.

    :param people: iterable of :class:`Person`
    """

    def __init__(self, people):
        self.people = {person.key: person for person in people}

    def choose(self, queue, keys, order):
        """Find who gets the next record, and count it as his.

        :param Queue queue: the turns of the rule
        :param keys: who is eligible for this record
        :param str order: ``round_robin``, ``weighted`` or ``least_loaded``
        :return: the key of the person and those who would have been next; None and
            nothing when all are full
        :rtype: tuple[int | None, list[int]]
        """
        free = [key for key in keys if not self.people[key].is_full]
        if not free:
            return None, []
        first, *others = nsmallest(4, free, key=self._get_key(queue, order))
        weight = self.people[first].weight if order == WEIGHTED else 1
        queue.serve(first, weight)
        self.people[first].take()
        return first, others

    def give(self, key):
        """Give a person a record out of turn: it was his before.

        :return: whether he has room for it
        :rtype: bool
        """
        person = self.people[key]
        if person.is_full:
            return False
        person.take()
        return True

    def _get_key(self, queue, order):
        if order == LEAST_LOADED:
            people = self.people
            return lambda key: (
                people[key].load / people[key].weight,
                *queue.turn(key),
            )
        if order in (ROUND_ROBIN, WEIGHTED):
            return queue.turn
        raise ValueError(f"No such order of turns: {order!r}")
