"""What the person at the keyboard sees."""

import sys
import time


def say(text):
    print(f"» {text}", flush=True)


def warn(text):
    print(f"» Warning: {text}", file=sys.stderr, flush=True)


class Progress:
    """One line that moves on a terminal, a line now and then in a log file."""

    def __init__(self, title, every=20):
        self.title = title
        self.every = every
        self.started = self.printed = time.monotonic()
        self.terminal = sys.stdout.isatty()
        say(f"{title} …")

    def update(self, detail):
        now = time.monotonic()
        wait = 0.2 if self.terminal else self.every
        if now - self.printed < wait:
            return
        self.printed = now
        line = f"  {self.title}: {detail} ({now - self.started:.0f} s)"
        if self.terminal:
            print(f"\r{line[:110]:<110}", end="", flush=True)
        else:
            print(line, flush=True)

    def done(self):
        line = f"  {self.title}: done in {time.monotonic() - self.started:.0f} s"
        print(f"\r{line:<110}" if self.terminal else line, flush=True)
