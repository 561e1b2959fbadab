#!/bin/sh
# Writes the locks in requirements/ anew from pyproject.toml, with versions and hashes.
# Versions that still fit stay as they are; `tools/lock.sh --upgrade` takes the newest ones.
set -eu
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv

lock() { # NAME [OPTION]...
    name=$1
    shift
    "$scratch/venv/bin/uv" pip compile pyproject.toml "$@" \
        --quiet --universal --generate-hashes --python-version 3.11 \
        --custom-compile-command "make lock" --output-file "requirements/$name.txt"
    echo "requirements/$name.txt: $(grep -c == "requirements/$name.txt") packages"
}

# The widest lock first; the narrower ones take their versions from it.
lock dev --group build --extra node --extra dev "$@"
lock node --group build --extra node --constraint requirements/dev.txt "$@"
lock base --constraint requirements/dev.txt "$@"
