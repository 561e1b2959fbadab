#!/usr/bin/env bash
# Installs the programs that some tests need, from Debian's packages. Running it again does nothing.
set -euo pipefail

updated=
apt_install() { # PACKAGE...
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
    fi
    command -v apt-get >/dev/null || {
        echo "error: $* cannot be installed: this system has no apt-get" >&2
        echo "hint: install it with the system's own package manager" >&2
        exit 1
    }
    if [ -z "$updated" ]; then
        "${as_root[@]}" apt-get update -qq
        updated=yes
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# need WHAT "TEST COMMAND" PACKAGE...: installs the packages unless the command succeeds.
need() {
    local what=$1 present=$2
    shift 2
    if eval "$present" >/dev/null 2>&1; then
        echo "$what: present"
        return
    fi
    echo "$what: installing $*"
    apt_install "$@"
    eval "$present" >/dev/null 2>&1 || {
        echo "error: $what is still absent after installing $*" >&2
        exit 1
    }
}

PATH=$PATH:/usr/local/go/bin:/usr/lib/go/bin

need "Python's venv module" "${PYTHON:-python3} -c 'import ensurepip, venv'" python3-venv
need "Go" "go version" golang-go
