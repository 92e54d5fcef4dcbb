#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A container on a droplet: in its network, killed with all that it started, frozen and thawed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ "${1:-}" = inside ] || exec "$here/lab" world "$here/container_test.sh" inside
PATH=$PATH:$here
lab up
lab droplet one

failed=0
check() { # WHAT EXPRESSION: for test(1)
    local what=$1
    shift
    test "$@" || {
        echo "$what: not so: $*"
        failed=1
    }
}
ticks() { wc -l <"/run/lab/ticks"; }
ticker='sleep 1000 & while :; do echo >>/run/lab/ticks; sleep 0.02; done'
start() {
    : >/run/lab/ticks
    lab container one -- sh -c "$ticker" &
    container=$!
    while [ "$(ticks)" = 0 ]; do sleep 0.02; done
}

check 'a command is the first process' "$(lab container one -- sh -c 'echo $$')" = 1
check 'it has the network of the droplet' \
    "$(lab container one -- ip -brief address show eth1 | grep -c 10.132.0.5/16)" = 1
status=0
lab container one -- sh -c 'exit 7' || status=$?
check 'its end is told' $status = 7

start
lab freeze one
before=$(ticks)
sleep 0.2
check 'frozen, it does nothing' "$(ticks)" = "$before"
lab thaw one
sleep 0.2
check 'thawed, it goes on' "$(ticks)" -gt "$before"
lab kill one
status=0
wait $container 2>/dev/null || status=$?
check 'a kill is told' $status = 137
check 'nothing of it is left after a kill' -z "$(lab pids one)"

start
kill -KILL $container
wait $container 2>/dev/null || true
for _ in $(seq 100); do
    [ -n "$(lab pids one)" ] || break
    sleep 0.02
done
check 'who kills the command kills all of it' -z "$(lab pids one)"

start
lab freeze one
lab kill one
check 'nothing of it is left after a kill while it was frozen' -z "$(lab pids one)"
status=0
lab container one -- true || status=$?
check 'the next one is not frozen' $status = 0
exit $failed
