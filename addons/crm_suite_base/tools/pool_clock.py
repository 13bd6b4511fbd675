"""The clock of a pool, without a database."""


def restart(anchor, events):
    """When the clock of an owned customer or lead started last.

    Proven follow-up starts it anew; what counts only partly moves its start by that
    part of the time that has passed.

    :param datetime anchor: since when somebody owns it
    :param events: pairs ``(datetime, weight between 0 and 1)``, in any order
    :rtype: datetime
    """
    start = anchor
    for at, weight in sorted(events):
        if at > start:
            start += (at - start) * max(0.0, min(weight, 1.0))
    return start
