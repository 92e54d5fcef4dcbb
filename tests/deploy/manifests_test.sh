#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# deploy/manifests is what scripts/manifests makes of the chart; so is the table in its README.
set -uo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
find_helm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
expect 0 '' "$top/scripts/manifests" "$work"
diff -ru "$top/deploy/manifests" "$work" ||
    complain 'deploy/manifests is stale: run scripts/manifests'

expect 0 '' "$top/scripts/chart-readme" --check
exit "$failed"
