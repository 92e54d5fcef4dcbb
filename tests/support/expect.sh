#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the tests in shell share. A test goes on after a failure, and ends with `exit "$failed"`.

# shellcheck disable=SC2034 # for those who read this file
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
lab=$top/tests/lab/lab
failed=0

complain() {
    printf '%s\n' "$*"
    failed=1
}

expect() { # STATUS TEXT COMMAND…: ends so, and says that; what it said stays in $output
    local wanted=$1 text=$2 status=0
    shift 2
    output=$("$@" 2>&1) || status=$?
    if [ "$status" != "$wanted" ] || [[ $output != *"$text"* ]]; then
        complain "$*: $status and \"$output\", wanted $wanted and \"$text\""
    fi
}

same() { # WHAT FOUND WANTED
    [ "$2" = "$3" ] || complain "$1, found (<) and wanted (>):
$(diff <(echo "$2") <(echo "$3"))"
}

skip() {
    echo "skipped: $*"
    exit 77
}

need() { # PROGRAM…
    local program
    PATH=$PATH:/usr/sbin:/sbin
    for program; do
        command -v "$program" >/dev/null || skip "$program is not installed: scripts/setup package"
    done
}

find_helm() { # the one that is installed, or that was built for tests/kube
    command -v helm >/dev/null || PATH=$PATH:$("$top/scripts/kube-assets" --if-built 2>/dev/null)
    command -v helm >/dev/null || skip 'there is no helm here: scripts/kube-assets builds it'
}
