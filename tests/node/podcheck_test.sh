#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# podCheck in a pod of a real network plugin: it labels the Node, and alone lifts the gate taint.
# Usage: tests/node/in-world tests/node/podcheck_test.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-1
pods=do-outbound-floating-ip-pods

make_nodes 1 $pool '[{"key": "egress", "value": "pending", "effect": "NoSchedule"}]'
start_clients
check 'helm install' install $pool --set gateTaint=egress=pending:NoSchedule --set podCheck.enabled=true \
    --set podCheck.gate=true --set podCheck.interval=5 --wait --timeout 3m
check 'the node has egress' within 90 has_egress egress-a
check 'the pod sees it: the label for pods is true' within 90 has_label egress-a $pods true
check 'the pod sees it: the gate is open' within 60 not has_taint egress-a egress

# As a network plugin does that has its own routes: pods leave with the public address.
lab exec egress-a ip rule add pref 100 from 10.245.0.0/16 lookup 17310
check 'pods leave otherwise: the label for pods is false' within 120 has_label egress-a $pods false
check 'pods leave otherwise: the gate is shut' within 60 has_taint egress-a egress
check 'pods leave otherwise: the host has egress' has_label egress-a "$enabled" true
lab exec egress-a ip rule delete pref 100
check 'rule removed: the label for pods is true' within 120 has_label egress-a $pods true
check 'rule removed: the gate is open' within 60 not has_taint egress-a egress
exit "$failed"
