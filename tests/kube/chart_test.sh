#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The chart and the manifests, taken by a real API server that validates every field.
# Usage: tests/kube/in-world tests/kube/chart_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
deploy=$(cd "$here/../../deploy" && pwd)
chart=$deploy/helm/do-egress-ip
namespace=egress # of the chart's; the manifests bring their own
match='matchString=egress'
secret='token.existingSecret=digitalocean'
pool='floatingIPs={198.51.100.1,198.51.100.2}'
good=(--namespace "$namespace" --set-string "$match" --set-string "$secret" --set "$pool"
    --set cronJob.nodes=2)
failed=0

kubectl() { "$here/cluster" kubectl "$@"; }
helm() { "$here/cluster" helm "$@"; }

verdict() { # ok|FAILED WHAT OUTPUT
    printf '%-7s %s\n' "$1" "$2"
    [ "$1" = ok ] || {
        failed=1
        printf '%s\n' "$3" | sed 's/^/        /'
    }
}

check() { # WHAT COMMAND…
    local output result=ok
    output=$("${@:2}" 2>&1) || result=FAILED
    verdict $result "$1" "$output"
}

# What is said must have this word in it: the value that is wrong.
check_refused() { # WHAT WORD HELM-OPTION…
    local output result=ok
    output=$(helm install do-egress-ip "$chart" --namespace "$namespace" "${@:3}" 2>&1) &&
        result=FAILED
    [[ $output == *"$2"* ]] || result=FAILED
    verdict $result "refused: $1" "$output"
}

is_taken() { # MODE
    helm template do-egress-ip "$chart" --skip-tests "${good[@]}" --set-string mode="$1" \
        --set 'podCheck.enabled=true,podCheck.gate=true,gateTaint=a:NoSchedule' |
        kubectl apply --dry-run=server --validate=strict --filename -
}

# Whatever is there of the kinds that the chart makes.
objects() {
    kubectl get --output name --all-namespaces \
        daemonsets,cronjobs,configmaps,serviceaccounts,roles,rolebindings |
        grep --fixed-strings /do-egress-ip || true
    kubectl get --output name clusterroles,clusterrolebindings,validatingadmissionpolicies \
        | grep --fixed-strings /do-egress-ip || true
    kubectl get --output name validatingadmissionpolicybindings |
        grep --fixed-strings /do-egress-ip || true
}

there_are() { # KIND…
    local kind all
    all=$(objects)
    for kind; do
        grep --quiet "^${kind}[./]" <<<"$all" || {
            echo "no $kind among: $all"
            return 1
        }
    done
}

there_is_no() { # KIND, or nothing for anything
    local all
    all=$(objects | grep "^${1:-}" || true)
    [ -z "$all" ] || {
        echo "still there: $all"
        return 1
    }
}

anyway=(configmap serviceaccount role rolebinding clusterrole clusterrolebinding
    validatingadmissionpolicy validatingadmissionpolicybinding)

"$here/cluster" up
kubectl create namespace "$namespace" >/dev/null

for mode in daemonset cronjob release; do
    check "lint: $mode" helm lint --strict "$chart" "${good[@]}" --set-string mode=$mode
    check "the server takes it: $mode" is_taken $mode
done

check_refused 'no pool' floatingIPs --set-string "$match,$secret"
check_refused 'an empty pool' floatingIPs --set-string "$match,$secret" --set 'floatingIPs={}'
for address in 198.51.100.300 198.51.100.1/24 198.51.100 2001:db8::1 one; do
    check_refused "the address $address" floatingIPs --set-string "$match,$secret" \
        --set "floatingIPs={198.51.100.1,$address}"
done
check_refused 'no match' matchString --set-string "$secret" --set "$pool"
check_refused 'no token' token.existingSecret --set-string "$match" --set "$pool"
check_refused 'a name that is no value' matchStrin "${good[@]}" --set-string matchStrin=x
check_refused 'another mode' mode "${good[@]}" --set-string mode=deployment
check_refused 'a CronJob for nobody knows how many nodes' cronJob.nodes "${good[@]}" \
    --set-string mode=cronjob --set cronJob.nodes=0
check_refused 'a taint without effect' gateTaint "${good[@]}" --set-string gateTaint=egress
check_refused 'no URL' verifyUrls "${good[@]}" --set 'verifyUrls={ifconfig.example}'
check 'nothing of that is there' there_is_no

check 'helm install' helm install do-egress-ip "$chart" "${good[@]}"
check 'all of it is there' there_are daemonset "${anyway[@]}"
check 'helm upgrade to the CronJob' \
    helm upgrade do-egress-ip "$chart" "${good[@]}" --set-string mode=cronjob
check 'the CronJob is there' there_are cronjob "${anyway[@]}"
check 'and no DaemonSet' there_is_no daemonset
check 'helm upgrade to the release' helm upgrade do-egress-ip "$chart" "${good[@]}" \
    --set-string mode=release
check 'the DaemonSet is there' there_are daemonset "${anyway[@]}"
check 'helm uninstall' helm uninstall do-egress-ip --namespace "$namespace"
check 'nothing is left' there_is_no

kubectl create namespace do-egress-ip >/dev/null # only pretending, the server would miss it
check 'the server takes the examples' \
    kubectl apply --dry-run=server --validate=strict --filename "$deploy/examples"
check 'the server takes the manifests' \
    kubectl apply --dry-run=server --validate=strict --filename "$deploy/manifests"
check 'kubectl apply' kubectl apply --validate=strict --filename "$deploy/manifests"
check 'all of that is there' there_are daemonset "${anyway[@]}"
check 'once more, nothing changes' kubectl diff --filename "$deploy/manifests"
for example in "$deploy"/examples/*.yaml; do
    check "the server takes ${example##*/}" kubectl apply --validate=strict --filename "$example"
done
exit "$failed"
