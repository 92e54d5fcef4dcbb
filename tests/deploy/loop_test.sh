#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/loop, in each shell that it has to run in. No real waiting: `sleep` is a function here that
# writes down for how long, or the test ends it.
# Usage: loop_test.sh SHELL…, such as: loop_test.sh busybox sh
set -uo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
need "$1"
# Where it can, in a world that ends with it.
contained=(unshare --user --map-root-user --pid --fork --kill-child --mount-proc)
if [ $$ != 1 ] && "${contained[@]}" true 2>/dev/null; then
    exec "${contained[@]}" "$0" "$@"
fi
loop=$top/scripts/loop
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# Ends with the codes of a list, one after another; then with the loop itself.
cat >fake <<'SCRIPT'
#!/bin/sh
read -r code rest <codes
echo "$rest" >codes
if [ -z "$code" ]; then
    kill -TERM "$PPID"
    exec tail -f /dev/null
fi
echo "result $code"
[ -z "${LOOKS:-}" ] || readlink "/proc/$PPID/fd/3" >looked
exit "$code"
SCRIPT
chmod +x fake

# What the loop does about a row of exit codes: pauses, its own words, results.
act() { # CODES [PRELUDE] [ARGUMENT…]
    echo "$1" >codes
    : >pauses
    local prelude=${2:-}
    [ $# -gt 2 ] || set -- "$1" "$prelude" 5 -- ./fake --token=secret
    shift 2
    "${shell[@]}" -c "sleep() { echo \"\$1\" >>pauses; }; $prelude . \"\$0\"" "$loop" "$@" \
        >results 2>words
    same "end of the loop" $? 143
}
shell=("$@")

# Exactly so many seconds after a good run, within a quarter of it after others.
pauses() { # CODES WANTED [ARGUMENT…]
    local code found wanted=$2 rest
    act "$1" '' "${@:3}"
    rest=$1
    for want in $wanted; do
        read -r code rest <<<"$rest"
        read -r found || found=0
        case $code in
        0 | 2 | 3) ((found == want)) ;;
        *) ((found >= want * 3 / 4 && found <= want * 5 / 4)) ;;
        esac || complain "after $1: $found s at $code, wanted about $want"
    done <pauses
}

pauses '0 0 2 3' '5 5 5 5'
pauses '69 69 69 69 69 69 69' '10 20 40 80 160 300 300'
pauses '10 10 10 11 10' '10 20 40 45 45'
# An address that becomes free is claimed within a minute, however long the pool has been short.
act "$(yes 10 | head -n 60 | paste -sd ' ')"
same 'pauses while the pool is short' "$(wc -l <pauses)" 60
(($(sort -n pauses | tail -n 1) < 60)) || complain "waits $(sort -n pauses | tail -n 1) s for a free address"
for code in 1 10 11 13 69 75 126 137 139 143; do
    pauses "$code" 10
done
pauses '14 15 15 14 15 15' '5 10 20 40 60 60'
pauses '77 77 77 77 77' '60 120 240 300 300'
for code in 12 64 70 71 77 78; do
    pauses "$code" 60
done
pauses '69 0 69' '10 5 10'           # starts again
pauses '1 13 69 13 1' '10 20 40 80 160' # whatever hinders
pauses '75 75 75 75 75' '10 20 40 60 60'   # others go first
pauses '10 10 77 10' '10 20 60 10'
pauses '0 15 15' '30 30 60' 30 -- ./fake
pauses '0 15 15' '100 100 100' 100 ./fake
DO_EGRESS_IP_INTERVAL=7 pauses '0 0' '7 7' -- ./fake

# Nodes do not come back together.
act '69 0 69 0 69 0 69 0 69 0 69 0 69 0 69 0 69 0 69 0'
(($(grep -vx 5 pauses | sort -u | wc -l) > 1)) || complain "no jitter: $(paste -sd' ' pauses)"

# One line for each change of outcome, one result for each that is new, and no argument in any.
act '0 0 10 10 10 0 0'
same 'words' "$(sed 's/in [0-9]* s/in N s/' words)" \
    'do-egress-ip-loop: exit 0; again every 5 s
do-egress-ip-loop: exit 10 (was 0); next try in N s, then ever later, up to 45 s
do-egress-ip-loop: exit 0 (was 10); again every 5 s'
same 'results' "$(cat results)" 'result 0
result 10
result 0'

# They are kept in a file without a name; where none can be made, each is shown.
LOOKS=1 act '0 0'
[[ $(cat looked) == */do-egress-ip-loop.*' (deleted)' ]] || complain "results are in $(cat looked)"
act '0 0' 'mktemp() { return 1; };'
same 'results' "$(cat results)" 'result 0
result 0'

# A limit whose end the result tells is waited for, and what failed is there to read for a probe.
cat >limited <<'SCRIPT'
#!/bin/sh
read -r code rest <codes
echo "$rest" >codes
echo '{"error":{"message":"not \\"now\\"","hint":"x"},"retry_after_seconds":700}' >"$DO_EGRESS_IP_TERMINATION_LOG"
[ -n "$code" ] || { kill -TERM "$PPID"; exec tail -f /dev/null; }
exit "$code"
SCRIPT
chmod +x limited
export DO_EGRESS_IP_LOOP_STATE=$work/state
expect 75 'the first run has not ended yet' "${shell[@]}" "$loop" --ready
act '75 75' '' 5 -- ./limited
while read -r pause; do
    ((pause >= 700 && pause < 710)) || complain "waits $pause s, not until the limit is over"
done <pauses
expect 75 'exit 75: not "now"' "${shell[@]}" "$loop" --ready
act '75 0' '' 5 -- ./limited
expect 0 '' "${shell[@]}" "$loop" --ready
unset DO_EGRESS_IP_LOOP_STATE

# Between two runs, looks that cost the Kubernetes API nothing; a finding brings the run forward.
cat >do-egress-ip <<'SCRIPT'
#!/bin/sh
echo "$*" >>calls
[ "$1" != status ] || { read -r code rest <looks && echo "$rest" >looks; exit "${code:-0}"; }
exec ./fake
SCRIPT
chmod +x do-egress-ip
calls() { # CODES LOOKS WANTED [VARIABLE=VALUE]
    echo "$2" >looks
    : >calls
    act "$1" "${4:-:};" 20 -- ./do-egress-ip reconcile
    same "calls of $1, looks $2" "$(sed 's/ .*//; s/reconcile/R/; s/status/s/' calls | paste -sd ' ')" "$3"
}
calls '0 0' '' 'R s s R s s R'
calls '0 0' '0 2 0' 'R s s R s s R'
calls '0 0 0' '2 0 0 69' 'R s R s s R s R'
calls '10 0' '' 'R R s s R'
calls '0' '' 'R s s s s R' 'export DO_EGRESS_IP_FULL_INTERVAL=100'
same 'seconds' "$(paste -sd ' ' pauses)" '20 20 20 20 20'
[[ $(cat calls) == *'status --local '* ]] || complain "it looks by $(cat calls)"

# Once, and then it idles.
echo '10 0 0' >codes
# shellcheck disable=SC2016 # the loop's own
"${shell[@]}" -c 'sleep() { echo "$1" >>pauses; [ "$1" != 99999 ] || kill -TERM $$; }; . "$0"' "$loop" \
    --once 5 -- ./fake >results 2>words
grep -q 'exit 0 (was 10); done; this pod idles from now on' words || complain "said $(cat words)"
same 'what is left of the codes' "$(cat codes)" 0

# What cannot work is said at once.
expect 64 'is no interval' "${shell[@]}" "$loop" 0 -- ./fake
expect 64 'is no interval' "${shell[@]}" "$loop" 5s -- ./fake
expect 64 'is no interval' env DO_EGRESS_IP_INTERVAL=often "${shell[@]}" "$loop"
expect 64 '"./none" is not a program' "${shell[@]}" "$loop" 5 -- ./none

# Signals. Job control, since a shell starts others with SIGINT ignored.
cat >slow <<'SCRIPT'
#!/bin/sh
trap 'echo undone; kill $!; exit 143' TERM
tail -f /dev/null &
echo started >&2
wait
SCRIPT
chmod +x slow
mkfifo news
seconds=98765
set -m
signals() { # PROGRAM NEWS RESULT
    local signal status
    for signal in HUP:129 INT:130 TERM:143; do
        "${shell[@]}" "$loop" $seconds -- "./$1" >results 2>news &
        exec 4<news
        until [[ ${line:-} == *"$2"* ]]; do
            read -r line <&4 || break
        done
        line=
        kill -s "${signal%:*}" $!
        wait $!
        status=$?
        exec 4<&-
        same "end by $signal with $1" "$status" "${signal#*:}"
        same "result by $signal" "$(cat results)" "$3"
    done
}
signals slow started undone
echo '0 0 0 0' >codes
signals fake 'exit 0;' 'result 0'
! pgrep -f "sleep $seconds" || complain 'its sleep lives on'

# As the first process of a container, which gets only the signals that it asks for.
if "${contained[@]}" true 2>/dev/null; then
    "${contained[@]}" "${shell[@]}" "$loop" $seconds -- ./slow >results 2>news &
    read -r line <news
    pkill -TERM -P $!
    wait $!
    same 'end as the first process' $? 143
    same 'result as the first process' "$(cat results)" undone
fi
exit "$failed"
