"""Find the real data files that lie beside the checkout, or skip."""

import os
import unittest
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[3]


def shared_data(*parts):
    """:return: path below ``shared/data`` beside the repository
    :raises unittest.SkipTest: the folder is absent
    """
    folder = os.environ.get("CRM_SUITE_SHARED_DATA")
    folder = Path(folder) if folder else _REPOSITORY.parent / "shared" / "data"
    path = folder.joinpath(*parts)
    if not path.exists():
        raise unittest.SkipTest(
            f"The real data file {'/'.join(parts)} is not there: this test needs the "
            f"folder shared/data beside the checkout (or CRM_SUITE_SHARED_DATA)."
        )
    return path
