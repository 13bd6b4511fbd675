"""The tree of conditions that defines a segment, without a database.

A *condition* is a dict with a ``kind``; a *group* is ``{"op", "items"}``, where ``op``
is ``all``, ``any`` or ``none`` and the items are conditions and groups.
"""

OPERATORS = ("all", "any", "none")
MAX_DEPTH = 6
MAX_CONDITIONS = 100


class DefinitionProblem(ValueError):
    """A tree that cannot be used; ``code`` is ``shape``, ``depth`` or ``size``."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def is_group(item):
    return isinstance(item, dict) and "op" in item


def clean_tree(tree, clean_condition):
    """Copy a tree from outside, dropping groups without conditions.

    :param tree: what a client sent; ``None`` and ``{}`` stand for no condition at all
    :param clean_condition: function that gives the valid form of a single condition
    :raise DefinitionProblem: when it is no tree, or too big a one
    """
    if not tree:
        return {"op": "all", "items": []}
    if not is_group(tree):
        raise DefinitionProblem("shape")
    left = [MAX_CONDITIONS]
    return _clean_group(tree, clean_condition, 1, left) or {"op": "all", "items": []}


def _clean_group(group, clean_condition, depth, left):
    if depth > MAX_DEPTH:
        raise DefinitionProblem("depth")
    items = group.get("items")
    if group["op"] not in OPERATORS or not isinstance(items, list):
        raise DefinitionProblem("shape")
    cleaned = []
    for item in items:
        if is_group(item):
            item = _clean_group(item, clean_condition, depth + 1, left)
            if item is None:
                continue
        else:
            if not isinstance(item, dict) or not isinstance(item.get("kind"), str):
                raise DefinitionProblem("shape")
            left[0] -= 1
            if left[0] < 0:
                raise DefinitionProblem("size")
            item = clean_condition(item)
        cleaned.append(item)
    return {"op": group["op"], "items": cleaned} if cleaned else None


def walk(tree, negated=False):
    """Yield each condition with whether it has to be false for the tree to be true.

    :rtype: Iterator[tuple[dict, bool]]
    """
    for condition, inner, _sure in walk_sure(tree, negated):
        yield condition, inner


def walk_sure(tree, negated=False, sure=True):
    """The same, with whether that holds for everybody who meets the tree.

    It does not for one of several conditions of which one is enough: "at least one of",
    and "all of" or "none of" where the group has to be false.

    :rtype: Iterator[tuple[dict, bool, bool]]
    """
    one_is_enough = (tree["op"] == "any") != negated
    sure = sure and (not one_is_enough or len(tree["items"]) == 1)
    negated ^= tree["op"] == "none"
    for item in tree["items"]:
        if is_group(item):
            yield from walk_sure(item, negated, sure)
        else:
            yield item, negated, sure


def fold(tree, read_condition, join):
    """Build a value bottom-up: of conditions first, then of the groups around them.

    :param join: function of the operator and the list of values of the items
    """
    return join(
        tree["op"],
        [
            fold(item, read_condition, join) if is_group(item) else read_condition(item)
            for item in tree["items"]
        ],
    )


def find_cycle(start, uses):
    """Find a way from ``start`` back to itself.

    :param dict uses: ``{segment: segments that its conditions name}``
    :return: the segments on the way, ``start`` first and last; ``None`` if there is none
    """
    stack = [(start, iter(uses.get(start, ())))]
    path = [start]
    done = set()
    while stack:
        _node, others = stack[-1]
        for other in others:
            if other == start:
                return [*path, start]
            if other not in done and other not in path:
                stack.append((other, iter(uses.get(other, ()))))
                path.append(other)
                break
        else:
            done.add(path.pop())
            stack.pop()
    return None


def sort_by_use(ids, uses):
    """Order segments so that each comes after those that its conditions name.

    The same set always gives the same order: two runs lock in the same order.
    """
    order = []
    seen = set()

    def visit(node):
        if node in seen:
            return
        seen.add(node)
        for other in sorted(uses.get(node, ())):
            visit(other)
        if node in wanted:
            order.append(node)

    wanted = set(ids)
    for node in sorted(wanted):
        visit(node)
    return order
