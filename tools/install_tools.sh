#!/usr/bin/env bash
# Installs the programs that some tests need, from Debian's packages. Running it again does nothing.
#
# To add a program: a line `need NAME "COMMAND THAT SUCCEEDS IF IT IS HERE" PACKAGE...` at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

refuse() { # MESSAGE HINT
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || refuse "only root may install packages" "run make tools as root"
        sudo "$@"
    fi
}

refreshed=
refresh() {
    command -v apt-get >/dev/null ||
        refuse "this system has no apt-get" "install Python's venv module and Go 1.21 or newer by hand"
    [ -n "$refreshed" ] || as_root apt-get update -qq
    refreshed=yes
}

install() { # PACKAGE...
    refresh
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need() { # NAME PRESENT PACKAGE...
    local name=$1 present=$2
    shift 2
    if ! eval "$present" >/dev/null 2>&1; then
        echo "$name: installing $*"
        install "$@"
        eval "$present" >/dev/null 2>&1 || refuse "$name is still absent" "install it by hand"
    fi
    echo "$name: present"
}

# Offers the backports of this Debian too, from the mirror of its other packages.
add_backports() { # RELEASE
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' | awk -v r="$1" '$2 == r {print $1; exit}')
    echo "deb ${mirror:?} $1-backports main" |
        as_root tee /etc/apt/sources.list.d/lading-backports.list >/dev/null
    refreshed=
}

# From 1.21 on, Go fetches by itself the newer toolchain that a module asks for.
go_is_new_enough() {
    go version | awk '{split(substr($3, 3), v, "."); exit !(v[1] > 1 || v[2] >= 21)}'
}

need_go() {
    local release packages=(golang-go)
    if ! go_is_new_enough 2>/dev/null; then
        refresh
        release=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
        if dpkg --compare-versions "$(apt-cache policy golang-go | awk '/Candidate:/ {print $2}')" lt 2:1.21~; then
            add_backports "$release"
            packages=(-t "$release-backports" golang-go)
        fi
    fi
    need "Go" go_is_new_enough "${packages[@]}"
}

export HOME=${HOME:-~}
PATH=$PATH:/usr/local/go/bin:/usr/lib/go/bin

need "Python's venv module" "${PYTHON:-python3} -c 'import ensurepip, venv'" python3-venv
need_go

# The tests themselves reach no network, so the modules that they build with are fetched now.
for module in tests/interop/*/go.mod; do
    echo "${module%/go.mod}: fetching its Go modules"
    (cd "${module%/go.mod}" && go mod download)
done
