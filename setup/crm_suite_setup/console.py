"""What the person at the keyboard sees."""

import sys
import threading
import time

WIDTH = 110


def say(text):
    print(f"» {text}", flush=True)


def warn(text):
    print(f"» Warning: {text}", file=sys.stderr, flush=True)


class Progress:
    """One line that moves on a terminal, a line now and then in a log file.

    It shows the time by itself, also while nothing is heard of the work.
    """

    def __init__(self, title, every=None):
        self.title = title
        self.terminal = sys.stdout.isatty()
        self.every = every or (0.5 if self.terminal else 20)
        self._detail = ""
        self._over = threading.Event()
        self._clock = threading.Thread(target=self._show_now_and_then, daemon=True)

    def __enter__(self):
        self.started = time.monotonic()
        say(f"{self.title} …")
        self._clock.start()
        return self

    def __exit__(self, kind, *_error):
        self._over.set()
        self._clock.join()
        if not kind:
            self._print(f"done in {time.monotonic() - self.started:.0f} s")
        if self.terminal:
            print(flush=True)

    def update(self, detail):
        """Say how far it is.

        :param detail: a text, or a function that knows it when it is asked
        """
        self._detail = detail

    def _show_now_and_then(self):
        while not self._over.wait(self.every):
            detail = self._detail() if callable(self._detail) else self._detail
            seconds = f"{time.monotonic() - self.started:.0f} s"
            self._print(f"{detail} ({seconds})" if detail else seconds)

    def _print(self, words):
        line = f"  {self.title}: {words}"
        if self.terminal:
            print(f"\r{line[:WIDTH]:<{WIDTH}}", end="", flush=True)
        else:
            print(line, flush=True)
