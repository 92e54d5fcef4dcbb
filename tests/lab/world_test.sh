#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The way into a world: what it passes on, and what it refuses.
set -euo pipefail
lab=$(cd "$(dirname "$0")" && pwd)/lab
"$lab" world true || exit $?

failed=0
expect() { # STATUS TEXT COMMAND…: ends so, and says that
    local wanted=$1 text=$2 status=0 output
    shift 2
    output=$("$@" 2>&1) || status=$?
    if [ "$status" != "$wanted" ] || [[ $output != *"$text"* ]]; then
        echo "$*: $status and \"$output\", wanted $wanted and \"$text\""
        failed=1
    fi
}
# As on a machine that refuses namespaces.
refused=(setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$lab" world echo ran)

expect 0 'two  words' "$lab" world echo 'two  words'
expect 7 '' "$lab" world sh -c 'exit 7'
expect 143 '' "$lab" world sh -c 'kill $$'
expect 0 input "$lab" world cat <<<input
expect 0 'SigIgn:	0000000000000000' "$lab" world grep SigIgn /proc/self/status
expect 77 'lab: skipped: no namespaces for root' "$lab" world "${refused[@]}"
expect 1 'lab: not in a world' "$lab" up
expect 1 'lab: not in a world' "$lab" down
expect 64 'usage: lab VERB' "$lab" frobnicate
expect 1 'there is no topology classik' "$lab" world "$lab" droplet one classik
expect 1 'there is no topology classik' "$lab" world "$lab" droplet one anchor-nic+classik
expect 0 nexthop-object "$lab" topologies
expect 1 'the servers do not start' "$lab" world "$lab" up --sim /nonexistent
exit "$failed"
