#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pods of two droplets reach each other through the VPC, where routes lead there, and no gateway sees it.
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
[ -e /run/lab/.world ] || exec "$lab" world "$0"
"$lab" up
"$lab" droplet one 1
"$lab" droplet two 2 anchor-nic

# No server listens there: a refusal shows that the packet arrived.
# shellcheck disable=SC2317 # called by name
reach() { # FROM ADDRESS
    LC_ALL=C "$lab" exec "$1" timeout 60 bash -c ": </dev/tcp/$2/9"
}

expect 1 'Network is unreachable' reach one-pod 10.244.2.2
ip -n one route add 10.244.2.0/24 via 10.132.0.6
ip -n two route add 10.244.1.0/24 via 10.132.0.5
expect 1 'Connection refused' reach one-pod 10.244.2.2
expect 1 'Connection refused' reach two-pod 10.244.1.2
exit "$failed"
