#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a run costs, in counts: not more than budget.json allows.
# Usage: counts_test.sh BENCH PROGRAM
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"

need valgrind strip ldd
[ -x "$2" ] || skip "$2 was not built"
exec "$lab" world "$1" check "$2" "$top/tests/bench/budget.json"
