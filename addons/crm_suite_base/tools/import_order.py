"""The order of rows that belong to each other."""

from graphlib import CycleError, TopologicalSorter


def order_words(links):
    """Put words behind those that they belong to.

    :param links: pairs of words, or None, with the word that they belong to
    :return: the place of each word that stands for itself or behind others, from 1;
        and the words in circles. Where a word in a circle belongs to others as well, it
        has a place, too.
    :rtype: tuple[dict[str, int], set[str]]

    >>> order_words([("Shop", "Branch"), ("Branch", "Head"), (None, "Shop")])
    ({'Head': 1, 'Branch': 2, 'Shop': 3}, set())
    >>> places, circles = order_words([("A", "B"), ("B", "A"), ("C", "B")])
    >>> places["C"], sorted(circles)
    (2, ['A', 'B'])
    """
    links = set(links)
    forth = _generations(links)
    back = _generations((parent, word) for word, parent in links if word)
    circles = {parent for _word, parent in links} - forth.keys() - back.keys()
    open_links = (
        (word, parent) for word, parent in links if not {word, parent} <= circles
    )
    return _generations(open_links), circles


def _generations(links):
    """The words outside of circles and not behind one, with their places."""
    sorter = TopologicalSorter()
    for word, parent in links:
        sorter.add(parent)
        if word:
            sorter.add(word, parent)
    try:
        sorter.prepare()
    except CycleError:
        # What is not behind a circle is sorted nevertheless.
        pass
    places, place = {}, 1
    while ready := sorter.get_ready():
        places.update(dict.fromkeys(ready, place))
        sorter.done(*ready)
        place += 1
    return places
