"""Running other programs."""

import os
import shutil
import subprocess

from .errors import SetupError

LONGEST_WORDS = 70


def run(command, **options):
    """Run a program quietly; return the finished process, whatever its exit code."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.STDOUT)
    options.setdefault("text", True)
    options.setdefault("errors", "replace")
    try:
        return subprocess.run([str(part) for part in command], **options)
    except FileNotFoundError as error:
        raise SetupError(
            f"The program {error.filename!r} is missing; install it and start again."
        ) from error


def run_shown(command, progress, **options):
    """Run a program that takes its time; each line that it says is how far it is.

    :return: the finished process with its output, like :func:`run`
    """
    lines = []
    with subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **options,
    ) as process:
        try:
            for line in process.stdout:
                lines.append(line)
                progress.update(line.strip()[:LONGEST_WORDS])
        except BaseException:
            process.terminate()
            raise
    return subprocess.CompletedProcess(command, process.returncode, "".join(lines))


def need(command, sentence, **options):
    """Run a program that must succeed, or fail with `sentence` and its last words."""
    result = run(command, **options)
    if result.returncode:
        raise SetupError(f"{sentence} ({last_words(result.stdout)})")
    return result.stdout


def last_words(output, lines=3):
    found = [line.strip() for line in (output or "").splitlines() if line.strip()]
    return " / ".join(found[-lines:]) or "it said nothing"


def which(*names):
    return next((found for name in names if (found := shutil.which(name))), None)


def is_root():
    return os.geteuid() == 0
