#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A node reboots while metadata is silent: its routes are gone, its label and Lease are not.
# Usage: tests/node/in-world tests/node/reboot_test.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-1
gate=egress=pending:NoExecute

make_nodes 1 $pool '[{"key": "egress", "value": "pending", "effect": "NoExecute"}]'
start_clients
check 'helm install' install $pool --set gateTaint=$gate --wait --timeout 3m
check 'the node has egress' within 90 has_egress egress-a
check 'the gate is open' within 30 not has_taint egress-a egress
held=$(held_by egress-a)

lab cut egress-a metadata
cluster reboot egress-a
check 'metadata silent: label false after a reboot' within 120 has_label egress-a "$enabled" false
check 'metadata silent: the gate is shut' within 30 has_taint egress-a egress
check 'metadata silent: the internet sees the public address' is_public egress-a
lab mend egress-a metadata
check 'metadata answers: the node has egress' within 120 has_egress egress-a
check 'metadata answers: it is the address of before' test "$(held_by egress-a)" = "$held"
check 'metadata answers: the gate is open' within 30 not has_taint egress-a egress
exit "$failed"
