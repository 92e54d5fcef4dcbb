#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Services at the node's public address, by kube-proxy, while its egress IP leaves by a NIC of the anchor.
# Usage: tests/node/in-world tests/node/service_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-1

start_services() {
    kubectl apply --filename - >/dev/null <<'END_OF_SERVICES'
{"apiVersion": "v1", "kind": "List", "items": [
 {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "web", "namespace": "default"},
  "spec": {"selector": {"matchLabels": {"app": "web"}},
   "template": {"metadata": {"labels": {"app": "web"}},
    "spec": {"terminationGracePeriodSeconds": 0,
     "containers": [{"name": "web", "image": "curlimages/curl:8.11.1",
       "command": ["sh", "-c", "echo served >/var/www/index.html; exec httpd -f -p 8080 -h /var/www"],
       "ports": [{"containerPort": 8080, "hostPort": 8088}]}]}}}},
 {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cluster", "namespace": "default"},
  "spec": {"type": "NodePort", "externalTrafficPolicy": "Cluster", "selector": {"app": "web"},
   "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30080}]}},
 {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "local", "namespace": "default"},
  "spec": {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30100,
   "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30081}]}}]}
END_OF_SERVICES
    within 60 kubectl rollout status daemonset/web --timeout 0s
}

asks() { # PORT [PATH]: from the internet
    local public
    public=$(jq --raw-output .public /run/lab/egress-a.json)
    lab exec internet curl --silent --show-error --fail --max-time 5 "http://$public:$1${2:-/}"
}
set_sysctl() { # NAME VALUE: for each device
    # shellcheck disable=SC2016 # expanded in there
    lab exec egress-a sh -c 'for file in /proc/sys/net/ipv4/conf/*/"$0"; do echo "$1" >"$file"; done' "$1" "$2"
}
check_services() { # WHEN
    check "$1: NodePort, Cluster" within 20 asks 30080
    check "$1: NodePort, Local" within 20 asks 30081
    check "$1: hostPort" within 20 asks 8088
    check "$1: health check of a load balancer" within 20 asks 30100 /healthz
}
names_remedy() { program_on egress-a doctor -v | grep src_valid_mark; }

topologies=([0]=anchor-nic)
make_nodes 1 $pool
start_clients
start_services
check_services before
check 'helm install' install $pool --wait --timeout 3m
check 'the node has egress' within 90 has_egress egress-a
check 'rp_filter 1: doctor names the remedy' names_remedy
set_sysctl src_valid_mark 1
check_services 'rp_filter 1, src_valid_mark 1'
set_sysctl src_valid_mark 0
for value in 2 0; do
    set_sysctl rp_filter $value
    check_services "rp_filter $value"
done
check 'the node keeps its egress' has_egress egress-a
exit "$failed"
