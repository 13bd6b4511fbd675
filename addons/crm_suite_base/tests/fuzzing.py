from hypothesis import HealthCheck, settings


def fuzz(max_examples, **values):
    """Settings of a fuzz test: the same examples each time, on a slow machine too."""
    return settings(
        max_examples=max_examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        **values,
    )
