#!/bin/sh
# Installs what is missing on Debian 12: the daemons that gearmang is tested against, and the
# virtual environment .venv made from requirements-dev.lock. Done once, it only looks and leaves.
set -eu
cd "$(dirname "$0")/.."

# collectd's write_prometheus wants libmicrohttpd12 and libprotobuf-c1; python3-venv makes .venv
# from the system's Python, which is the one that collectd embeds.
PACKAGES="gearman-job-server gearman-tools collectd-core collectd-utils libpython3.11 \
libmicrohttpd12 libprotobuf-c1 nagios4-core icinga2-bin rsyslog rsyslog-relp postgresql \
logrotate chromium prometheus redis-server stunnel4 tmux man-db python3 python3-venv php-cli \
php-gearman libgearman-client-perl"

missing=""
if command -v dpkg-query >/dev/null 2>&1; then
    # shellcheck disable=SC2086  # a list of words
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' $PACKAGES 2>/dev/null |
        awk '$2 == "installed" { print $1 }')
    for package in $PACKAGES; do
        printf '%s\n' "$installed" | grep -qx "$package" || missing="$missing $package"
    done
else
    missing=" $PACKAGES"
fi

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "This is no Debian system. Install the equivalents of these packages, then run make setup again:" >&2
        echo " $missing" >&2
        exit 1
    fi
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    echo "installing Debian packages:$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086  # lists of words
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
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
if command -v npm >/dev/null 2>&1 && [ ! -d "$callers/node_modules" ]; then
    npm --prefix "$callers" ci --silent --no-audit --no-fund || echo "without the Node client" >&2
fi
