#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A claim, a steady run and a release under valgrind's memcheck: no error, no leak, no descriptor
# left open, neither in the program nor in the guard that it forks.
# Usage: valgrind_test.sh PROGRAM
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
command -v valgrind >/dev/null || skip 'valgrind is not installed: scripts/setup test'
! grep -q __asan_init "$1" || skip 'valgrind cannot run a program with sanitizers'
[ -e /run/lab/.world ] || exec "$lab" world "$0" "$@"

logs=/run/valgrind
program=/run/valgrind.pid # the rest of the logs are its guards'
mkdir "$logs"
export DO_EGRESS_IP=/run/under-valgrind
# What is inherited counts as an error since valgrind 3.24.
cat >"$DO_EGRESS_IP" <<END
#!/bin/bash
echo \$\$ >$program
for descriptor in /proc/self/fd/*; do
    [ "\${descriptor##*/}" -le 2 ] || eval "exec \${descriptor##*/}>&-"
done
exec valgrind --error-exitcode=99 --leak-check=full --track-fds=yes --log-file=$logs/%p -- "$1" "\$@"
END
chmod +x "$DO_EGRESS_IP"

PATH=$PATH:$top/tests/lab
lab up
lab pool 198.51.100.1-2
lab droplet one
arguments=(--match-string one --floating-ips '198.51.100.1,198.51.100.2'
    --gate-taint example.org/egress=pending:NoSchedule)

# The descriptors that a process has opened itself and not closed, from its log.
left_open() { awk '/Open (file descriptor|AF_)/ { which = $0; getline; if (!/inherited/) print which }' "$1"; }

life() { # PROCESSES ARGUMENT…: one run, of as many processes, each without a fault
    local log processes=$1
    shift
    rm -f "$logs"/*
    expect 0 '' lab tool one "$@"
    same "processes of \"$*\"" "$(find "$logs" -type f | wc -l)" "$processes"
    # A guard ends as whatever is forked must: without destructors, so nothing is freed or closed.
    for log in "$logs"/*; do
        ! grep -qE ' (Invalid|Mismatched|Syscall param|.*uninitialised)' "$log" || complain "$* has errors: $(cat "$log")"
    done
    log=$logs/$(cat "$program")
    grep -q 'ERROR SUMMARY: 0 errors' "$log" || complain "$* has errors: $(cat "$log")"
    grep -q 'All heap blocks were freed' "$log" || complain "$* leaks: $(tail -n 20 "$log")"
    same "open after \"$*\"" "$(left_open "$log")" ''
}

life 2 "${arguments[@]}" --verify-url https://192.0.2.1/
same 'the address after the claim' "$(lab whatismyip one | cut -d. -f1-3)" 198.51.100
life 1 "${arguments[@]}" --verify-url https://192.0.2.1/
life 1 release "${arguments[@]}"
same 'the address after the release' "$(lab whatismyip one)" "$(jq -r .public /run/lab/one.json)"
exit "$failed"
