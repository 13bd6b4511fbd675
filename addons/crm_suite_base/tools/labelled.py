"""A name and what is said of it, with the colon of the reader's language."""


def labelled(env, label, value):
    """``Customer: Acme``, in Chinese with a full-width colon.

    :rtype: str
    """
    return env._("%(label)s: %(value)s", label=label, value=value)
