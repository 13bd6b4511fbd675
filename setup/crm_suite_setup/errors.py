"""The one exception that is meant for the person at the keyboard."""

import os
import shutil


class SetupError(Exception):
    """One sentence that says what is wrong and what to do about it."""


FULL_DISK_SIGNS = ("No space left on device", "Disk quota exceeded")
# PostgreSQL that cannot make the next file of its log ends and is not there any more
# for the others, who know of nothing but a lost connection.
LOG_FILE_BYTES = 16 * 1024**2


def expect_space(output, folder):
    """Say what to do where a program ended because the disk is full.

    :param str output: what the program said
    :param path folder: where it wrote
    :raise SetupError: if that was the reason
    """
    free = shutil.disk_usage(folder).free if os.path.exists(folder) else LOG_FILE_BYTES
    if free < LOG_FILE_BYTES or any(sign in output for sign in FULL_DISK_SIGNS):
        raise SetupError(full_disk(folder))


def full_disk(folder):
    return f"The disk is full ({folder}): free some space and start again."
