#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the scenarios share: a cluster with nodes, the chart on it, and what is looked at.
# shellcheck disable=SC2034 # used by the scenarios
: "${here:?}"

deploy=$(cd "$here/../../deploy" && pwd)
chart=$deploy/helm/do-egress-ip
namespace=egress
failed=0
enabled=do-outbound-floating-ip-enabled
address=do-outbound-floating-ip

lab() { "$here/../lab/lab" "$@"; }
cluster() { "$here/cluster" "$@"; }
kubectl() { cluster kubectl "$@"; }
helm() { cluster helm "$@"; }

began=$SECONDS
check() { # WHAT COMMAND…
    local output result=ok
    output=$("${@:2}" 2>&1) || result=FAILED
    printf '%4d s  %-7s %s\n' $((SECONDS - began)) $result "$1"
    [ $result = ok ] || {
        failed=1
        printf '%s\n' "$output" | tail -n 20 | sed 's/^/        /'
    }
}

# Until it holds; the limit is for what never comes about, and tests nothing.
within() { # SECONDS COMMAND…
    local deadline=$((SECONDS + $1)) output
    shift
    until output=$("$@" 2>&1); do
        if ((SECONDS > deadline)); then
            echo "$output"
            return 1
        fi
        sleep 0.3
    done
}

not() { ! "$@"; }

# Nodes start side by side. The third may have a topology of its own: topologies=([2]=no-anchor).
topologies=()
make_nodes() { # COUNT POOL [TAINTS]
    local names=(egress-a egress-b egress-c) number started=()
    names=("${names[@]:0:$1}")
    lab up
    lab pool "$2"
    cluster up
    for number in "${!names[@]}"; do
        cluster droplet "${names[number]}" "${topologies[number]:-classic}" "${3:-[]}"
        cluster start "${names[number]}" &
        started+=($!)
    done
    for number in "${started[@]}"; do wait "$number"; done
    within 120 is_ready "${names[@]}"
    kubectl create namespace $namespace >/dev/null
    kubectl --namespace $namespace create secret generic digitalocean \
        --from-literal=token=dop_v1_lab >/dev/null
}

is_ready() { # NODE…
    kubectl wait node "$@" --for condition=Ready --timeout 0s
}

addresses() { # POOL as A-B, for --set
    local number first=${1%-*}
    for ((number = ${first##*.}; number <= ${1##*-}; ++number)); do
        echo "${first%.*}.$number"
    done | paste -s -d,
}

install() { # POOL [HELM-OPTION…]
    helm upgrade --install do-egress-ip "$chart" --namespace $namespace --set matchString=egress \
        --set token.existingSecret=digitalocean --set "floatingIPs={$(addresses "$1")}" \
        --set 'verifyUrls={https://checkip.amazonaws.com}' "${@:2}"
}

label() { # NODE LABEL
    kubectl get node "$1" --output "jsonpath={.metadata.labels['$2']}"
}

has_label() { # NODE LABEL VALUE
    local value
    value=$(label "$1" "$2")
    [ "$value" = "$3" ] || {
        echo "$1 has $2=$value"
        return 1
    }
}

has_taint() { # NODE KEY
    kubectl get node "$1" --output 'jsonpath={.spec.taints[*].key}' | grep -qw -- "$2"
}

droplet_of() { jq .id "/run/lab/$1.json"; } # NODE

held_by() { # NODE: the address that DigitalOcean has assigned to it
    lab sim GET /world | jq --raw-output --argjson id "$(droplet_of "$1")" \
        '.addresses | to_entries[] | select(.value.droplet == $id) | .key'
}

# Address, label, and what the internet sees: from the host and, with a client there, from a pod.
has_egress() { # NODE
    local held seen
    held=$(held_by "$1")
    [ -n "$held" ] || { echo "$1 holds no address" && return 1; }
    has_label "$1" $enabled true && has_label "$1" $address "$held" || return 1
    for seen in "$(lab whatismyip "$1")" "$(seen_from_pod "$1")"; do
        [ "$seen" = "$held" ] || { echo "$1 holds $held, the internet sees $seen" && return 1; }
    done
}

all_have_egress() { # NODE…
    local name
    for name; do has_egress "$name" || return 1; done
}

is_public() { # NODE: no egress IP, and it says so
    local seen
    has_label "$1" $enabled false || return 1
    seen=$(lab whatismyip "$1")
    [ "$seen" = "$(jq --raw-output .public "/run/lab/$1.json")" ] || { echo "seen: $seen" && return 1; }
}

has_event() { # NODE REASON
    kubectl get events.events.k8s.io --output json | jq --exit-status --arg node "$1" --arg reason "$2" \
        'any(.items[]; .regarding.name == $node and .reason == $reason)'
}

# A pod of the pod network on each node.
start_clients() {
    kubectl apply --filename - >/dev/null <<'END_OF_CLIENTS'
{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "client", "namespace": "default"},
 "spec": {"selector": {"matchLabels": {"app": "client"}},
  "template": {"metadata": {"labels": {"app": "client"}},
   "spec": {"terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}],
    "containers": [{"name": "client", "image": "curlimages/curl:8.11.1",
                    "command": ["sleep", "100000"]}]}}}}
END_OF_CLIENTS
    within 120 kubectl rollout status daemonset/client --timeout 0s
}

pod_on() { # NODE [NAMESPACE] [SELECTOR]: the name of a pod there
    kubectl --namespace "${2:-default}" get pods --selector "${3:-app=client}" --output name \
        --field-selector "spec.nodeName=$1,status.phase=Running" | head -n 1
}

ours_on() { pod_on "$1" $namespace app.kubernetes.io/name=do-egress-ip; } # NODE

seen_from_pod() { # NODE
    local pod
    pod=$(pod_on "$1")
    kubectl exec "$pod" -- curl -4 --silent --max-time 4 http://whatismyip.lab/ || echo none
}

# The program in its pod, as kubectl exec does it.
program_on() { # NODE ARGUMENT…
    local pod
    pod=$(ours_on "$1")
    kubectl --namespace $namespace exec "$pod" -- do-egress-ip "${@:2}"
}

# Nothing that is not confirmed, or that nobody knows any more.
is_settled() { # NODE
    not grep -E 'proto 174' <(lab exec "$1" ip route show table all)
}
