#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A world leaves nothing behind, whatever is killed: no process, and so no namespace, route or file;
# and no control group, be it frozen.
set -euo pipefail
lab=$(cd "$(dirname "$0")" && pwd)/lab
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
"$lab" world true || exit $?

marked() { # processes of the world under test, outside of it too
    grep -lsz "^LAB_MARK=$1\$" /proc/[0-9]*/environ 2>/dev/null | grep -v "/$$/" || true
}

failed=0
for signal in KILL TERM INT; do
    mark=$signal-$$-$RANDOM
    mkfifo "$scratch/$mark"
    exec 3<>"$scratch/$mark"
    # Its own process group and default signals, as from a terminal.
    LAB_MARK=$mark setsid env --default-signal=INT,TERM "$lab" world bash -c \
        "'$lab' up && '$lab' droplet node-1 && { '$lab' container node-1 -- sleep 1000 & } &&
            sleep 0.3 && '$lab' freeze node-1 && echo \"\$LAB_CGROUP\" >'$scratch/$mark' &&
            sleep 1000" &
    outer=$!
    read -rt 60 -u 3 group || { echo "the world does not come up"; exit 1; }
    [ -n "$(marked "$mark")" ] || { echo "no process carries the mark"; exit 1; }
    kill "-$signal" "$outer"
    wait "$outer" || true
    for _ in $(seq 200); do
        [ -n "$(marked "$mark")" ] || [ -e "${group:-/nowhere}" ] || break
        read -rt 0.05 <> <(:) || true
    done
    if [ -n "$(marked "$mark")" ]; then
        echo "left behind after SIG$signal: $(marked "$mark")"
        failed=1
    fi
    if [ -e "${group:-/nowhere}" ]; then
        echo "left behind after SIG$signal: $group"
        failed=1
    fi
done
exit "$failed"
