#!/bin/sh
# Installs what is missing on Debian or Ubuntu, and makes the virtual environment .venv from
# requirements-dev.lock. Done once, it only looks and leaves.
#
#   setup.sh          what the tests need: every daemon that gearmang is tested against
#   setup.sh demo     what the demo needs
#   setup.sh build    what building a package needs: no daemon at all
set -eu
cd "$(dirname "$0")/.."

# Where a package has another name in another release, the names stand with a bar between them;
# LIBPYTHON is the system's Python, which is the one that collectd embeds.
BUILD="python3 python3-venv"
# collectd's write_prometheus wants libmicrohttpd and libprotobuf-c1.
DEMO="gearman-job-server gearman-tools collectd-core collectd-utils LIBPYTHON \
libmicrohttpd12t64|libmicrohttpd12 libprotobuf-c1 nagios4-core"
TEST="icinga2-bin rsyslog rsyslog-relp postgresql \
logrotate chromium prometheus prometheus-alertmanager redis-server|valkey-redis-compat stunnel4 tmux man-db php-cli php-gearman nodejs perl \
pypy3 libgearman-client-perl libfaketime nagios-nrpe-server nagios-nrpe-plugin libmonitoring-plugin-perl"

case ${1:-test} in
build) wanted=$BUILD ;;
demo) wanted="$BUILD $DEMO" ;;
test) wanted="$BUILD $DEMO $TEST" ;;
*)
    echo "usage: setup.sh [build|demo|test]" >&2
    exit 2
    ;;
esac

# The first of the names that this system has, or else the first.
named() {
    case $1 in *"|"*) ;; *)
        echo "$1"
        return
        ;;
    esac
    for name in $(echo "$1" | tr '|' ' '); do
        if apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [^(]'; then
            echo "$name"
            return
        fi
    done
    echo "${1%%|*}"
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

is_one_installed() {
    for name in $(echo "$1" | tr '|' ' '); do
        is_installed "$name" && return 0
    done
    return 1
}

libpython() {
    /usr/bin/python3 -c 'import sys; print("libpython%d.%d" % sys.version_info[:2])' 2>/dev/null ||
        echo python3
}

missing=""
for package in $wanted; do
    [ "$package" != LIBPYTHON ] || package=$(libpython)
    is_one_installed "$package" || missing="$missing $package"
done

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "This is no Debian system. Install the equivalents of these packages, then run make setup again:" >&2
        echo " $missing" >&2
        exit 1
    fi
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    $as_root apt-get update -qq
    names=""
    for package in $missing; do
        names="$names $(named "$package")"
    done
    echo "installing Debian packages:$names"
    # shellcheck disable=SC2086  # lists of words
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $names >/dev/null
    case " $wanted " in
    *" LIBPYTHON "*)
        library=$(libpython) # on a fresh system there was no python3 to ask before
        is_installed "$library" || $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$library" >/dev/null
        ;;
    esac
fi

stamp=.venv/gearmang.lock
if ! cmp -s requirements-dev.lock "$stamp" || [ pyproject.toml -nt "$stamp" ]; then
    echo "making .venv from requirements-dev.lock"
    [ -x .venv/bin/python ] || /usr/bin/python3 -m venv .venv
    .venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
    .venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
    cp requirements-dev.lock "$stamp"
fi

# The Node client that is a caller in the tests.
callers=tests/integration/job/callers
if [ "${1:-test}" = test ] && command -v npm >/dev/null 2>&1 && [ ! -d "$callers/node_modules" ]; then
    npm --prefix "$callers" ci --silent --no-audit --no-fund || echo "without the Node client" >&2
fi
