#!/usr/bin/env bash
# Find a Python 3.10 or newer (installing Debian's if root may), then hand over
# to it: everything that needs thought is written in Python.
set -euo pipefail
here=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python3.10; do
        if command -v "$name" >/dev/null && usable "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# Show what a program says, on one line that moves on a terminal: a slow network is
# seen to work. Whether it succeeded is seen from what is there afterwards.
shown() {
    local line
    "$@" </dev/null 2>&1 | while IFS= read -r line; do
        if [ -t 1 ]; then printf '\r  %-100.100s' "$line"; else echo "  $line"; fi
    done || true
    [ ! -t 1 ] || echo
}

# All that the command needs of the system, as system.py looks for it (a test compares):
# where even Python is missing, one line shall bring everything.
packages() {
    echo python3 python3-venv libmagic1 fonts-noto-cjk
    [ -n "${CRM_SUITE_ODOO:-}" ] || echo debian-archive-keyring
    if [ -n "${PGHOST:-}" ]; then echo postgresql-client; else echo postgresql; fi
    case "${1:-}" in test | bench) echo chromium gettext ;; esac
}

if ! python=$(find_python); then
    if [ "$(id -u)" != 0 ]; then
        echo "setup: Packages of the system are missing, Python 3.10 or newer among" \
            "them; install them (as root, for example with sudo) and start again:" >&2
        echo "    apt-get install -y --no-install-recommends" $(packages "${1:-}") >&2
        exit 1
    fi
    if command -v apt-get >/dev/null; then
        echo "» Installing python3 …"
        shown apt-get -q update
        shown env DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
            --no-install-recommends python3 python3-venv
        python=$(find_python) || true
    fi
fi
if [ -z "${python:-}" ]; then
    echo "setup: Python 3.10 or newer is needed; check the network, install it with" \
        "\"apt-get install python3 python3-venv\" and start again." >&2
    exit 1
fi
# -B: a checkout that cannot be written must still be able to say so itself.
PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}" exec "$python" -B -m crm_suite_setup "$@"
