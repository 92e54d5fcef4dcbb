#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Disturbs a run at its system calls, by strace: kills it, or lets a call fail. README.md here.
# Usage: syscalls_test.sh claim|repair|lost|release [COUNT|all [PATTERN]]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/expect.sh
. "$here/../support/expect.sh"

scenario=$1 count=${2:-12} pattern=${3:-}
if [ "${IN_WORLD:-}" != 1 ]; then
    need strace jq
    export DO_EGRESS_IP=${DO_EGRESS_IP:-$top/build/do-egress-ip}
    strace -o /dev/null true 2>/dev/null || skip 'ptrace is refused here'
    IN_WORLD=1 exec "$lab" world "$0" "$@"
fi
trace=/run/lab/trace
# shellcheck source=tests/syscalls/scenarios.sh
. "$here/scenarios.sh"

# Every system call of an undisturbed run.
points() {
    prepare
    observe
    run_traced '' '' ''
    [ "$status" = 0 ] || complain "the undisturbed run ends $status: $said" >&2
    settle || complain "undisturbed, $status, sees $sees, label $label $labelled, holds $held: $said" >&2
    awk -f "$here/points.awk" "$trace" | grep -E -- "$pattern"
}

# As many of them, evenly spread.
chosen() {
    local all
    mapfile -t all
    [ "$count" != all ] || count=${#all[@]}
    local index
    for ((index = 0; index < count; ++index)); do
        printf '%s\n' "${all[index * ${#all[@]} / count]}"
    done
}

disturb() { # KIND SYSCALL NUMBER
    local alone='' inject="$2:error=$1:when=$3"
    case $1 in
    kill) inject="$2:signal=SIGKILL:when=$3" ;;
    kill-all) inject="$2:signal=SIGKILL:when=$3" alone=1 ;;
    esac
    prepare
    observe
    run_traced "$inject" "$alone" "$2"
    if grep -q 'killed by SIGKILL' "$trace"; then
        ((++killed))
    elif grep -q INJECTED "$trace"; then
        ((++failed_calls))
        documented || complain "$*: ends $status: $said"
    else
        ((++missed)) # this time it made fewer calls
    fi
    safe || complain "$*: $status; sees $sees, label $label $labelled, holds $held: $said"
    settle || complain "$*: afterwards $status, sees $sees, label $label $labelled, holds $held: $said"
}

killed=0 failed_calls=0 missed=0
open_world
points >/run/lab/all
chosen </run/lab/all >/run/lab/chosen
while read -r kind call number <&3; do
    [ -z "${VERBOSE:-}" ] || echo "$kind $call $number"
    disturb "$kind" "$call" "$number"
done 3</run/lab/chosen
restored || { complain "after release the droplet is not as before: $status $held $sees $label"; diff <(echo "$before") <("$lab" snapshot one) >&2 || true; }
echo "$scenario: of $(wc -l </run/lab/all) points $killed killed, $failed_calls failing calls," \
    "$missed not met"
[ "$((killed + failed_calls))" -gt 0 ] || complain 'nothing was disturbed'
exit "$failed"
