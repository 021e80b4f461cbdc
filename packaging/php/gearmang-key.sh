#!/bin/sh
# The unique key of a new job of Gearmang's (docs/wire.md):
#   gearman -b -f resize -u "$(gearmang-key.sh resize)" "$data"
function=${1:?usage: gearmang-key.sh FUNCTION [NOT_BEFORE in seconds since the epoch]}
id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
enqueued=$(printf '%x' "$(date +%s%3N)")
mark=$(printf %s "$function" | sha256sum | cut -c 1-6)
later=${2:+.$(printf '%x' "${2:-0}")}
printf '%s\n' "g1.$id.$enqueued.$mark.1.1$later"
