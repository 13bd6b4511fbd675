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

if ! python=$(find_python); then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "» Installing python3"
        # Whether it worked is seen from what is there afterwards.
        apt-get update -qq </dev/null >/dev/null 2>&1 || true
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends python3 python3-venv \
            </dev/null >/dev/null 2>&1 || true
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
