#!/bin/sh
# Makes .venv with the Python that PYTHON names, or says what is missing.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

refuse() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    refuse "there is no program $python" "install Python 3.11 or newer, or name one: make PYTHON=python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    refuse "$("$python" --version 2>&1) is too old; lading needs Python 3.11 or newer" \
        "name a newer one: make PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    refuse "this Python has no venv module" "on Debian: apt install python3-venv"

rm -rf .venv
"$python" -m venv .venv
