#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/field-cases.md names tests that exist, all cases, and every topology of the lab has an e2e test.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
table=$tests/field-cases.md
failed=0
complain() {
    echo "$*" >&2
    failed=1
}

# A literal that the formatter broke in two is one again.
text_of() { tr '\n' ' ' <"$1" | sed 's/" *"//g'; }

while IFS='|' read -r _ case holds file name _; do
    read -r case <<<"$case"
    read -r file <<<"$file"
    read -r name <<<"$name"
    if [[ $holds == *': no test yet'* ]]; then
        continue
    elif [ ! -f "$tests/$file" ]; then
        complain "$case: there is no $file"
    elif [ -z "$name" ] || ! grep -qF -- "$name" <<<"$(text_of "$tests/$file")"; then
        complain "$case: $file has no test \"$name\""
    elif [[ $file == e2e/*_test.cpp ]] &&
        ! grep -qx "  $(basename "$file" _test.cpp))\?" "$tests/e2e/CMakeLists.txt"; then
        complain "$case: CMake does not build $file"
    fi
done < <(grep -E '^\| ([SNCDF][0-9]|T [a-z])' "$table")

for case in S{1..18} N{1..7} C{1..20} D{1..7} F{1..12}; do
    grep -q "^| $case |" "$table" || complain "$case has no test"
done

for topology in $("$tests/lab/lab" topologies); do
    grep -qE "[\"+]${topology}[\"+]" "$tests"/e2e/*_test.cpp || complain "no e2e test has $topology"
done
exit $failed
