#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Services at the public addresses of two nodes, by kube-proxy: the anchor of one has a NIC of its own.
# Usage: tests/node/in-world tests/node/service_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-2
nodes=(egress-a egress-b)

# A pod on each node, and a Service for each: which pod answers is not left to chance.
start_services() {
    local name port=30080
    {
        for name in "${nodes[@]}"; do
            web_pod "$name"
            cluster_service "$name" $((port++))
        done
        cat <<'END_OF_SERVICE'
---
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "local", "namespace": "default"},
 "spec": {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30100,
  "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30090}]}}
END_OF_SERVICE
    } | kubectl apply --filename - >/dev/null
    within 60 kubectl wait pods --selector app=web --for condition=Ready --timeout 0s
}
web_pod() { # NODE
    cat <<END_OF_POD
---
{"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "web-$1", "namespace": "default", "labels": {"app": "web", "on": "$1"}},
 "spec": {"nodeName": "$1", "terminationGracePeriodSeconds": 0,
  "containers": [{"name": "web", "image": "curlimages/curl:8.11.1",
    "command": ["sh", "-c", "echo $1 >/var/www/index.html; exec httpd -f -p 8080 -h /var/www"],
    "ports": [{"containerPort": 8080, "hostPort": 8088}]}]}}
END_OF_POD
}
cluster_service() { # NODE PORT
    cat <<END_OF_SERVICE
---
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "$1", "namespace": "default"},
 "spec": {"type": "NodePort", "externalTrafficPolicy": "Cluster", "selector": {"on": "$1"},
  "ports": [{"port": 80, "targetPort": 8080, "nodePort": $2}]}}
END_OF_SERVICE
}

asks() { # NODE PORT [PATH]: from the internet, at the node's public address
    local public
    public=$(jq --raw-output .public "/run/lab/$1.json")
    lab exec internet curl --silent --show-error --fail --max-time 5 "http://$public:$2${3:-/}"
}
answers() { # NODE PORT POD'S-NODE
    local answer
    answer=$(asks "$1" "$2") || return 1
    [ "$answer" = "$3" ] || { echo "answer: $answer" && return 1; }
}
set_sysctl() { # NODE NAME VALUE: for each device
    # shellcheck disable=SC2016 # expanded in there
    lab exec "$1" sh -c 'for file in /proc/sys/net/ipv4/conf/*/"$0"; do echo "$1" >"$file"; done' "$2" "$3"
}
check_services() { # NODE WHEN
    local port=30080 name
    for name in "${nodes[@]}"; do
        check "$1, $2: NodePort, Cluster, pod on $name" within 20 answers "$1" $((port++)) "$name"
    done
    check "$1, $2: NodePort, Local" within 20 answers "$1" 30090 "$1"
    check "$1, $2: hostPort" within 20 answers "$1" 8088 "$1"
    check "$1, $2: health check of a load balancer" within 20 asks "$1" 30100 /healthz
}
names_remedy() { program_on egress-a doctor -v | grep src_valid_mark; }

topologies=([0]=anchor-nic [1]=classic)
make_nodes 2 $pool
start_clients
start_services
for name in "${nodes[@]}"; do check_services "$name" before; done
check 'helm install' install $pool --wait --timeout 3m
check 'both nodes have egress' within 90 all_have_egress "${nodes[@]}"

check 'egress-a, rp_filter 1: doctor names the remedy' names_remedy
set_sysctl egress-a src_valid_mark 1
check_services egress-a 'rp_filter 1, src_valid_mark 1'
set_sysctl egress-a src_valid_mark 0
for value in 2 0; do
    set_sysctl egress-a rp_filter $value
    check_services egress-a "rp_filter $value"
done
for value in 0 1 2; do
    set_sysctl egress-b rp_filter $value
    check_services egress-b "rp_filter $value"
done
check 'both nodes keep their egress' all_have_egress "${nodes[@]}"
exit "$failed"
