#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The image and the chart, pushed to a real registry: what comes back is what was packed, and a real API
# server takes the chart that Helm pulls.
# Usage: tests/kube/in-world tests/kube/registry_test.sh ARCHIVE
#   ARCHIVE  the image that scripts/build-image made
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
need skopeo jq
[ -e "$1" ] || skip "$1 was not built"
tools=$("$top/scripts/release-tools" --if-built 2>/dev/null) || skip 'scripts/release-tools did not run'
here=$top/tests/kube
# shellcheck disable=SC2317 # called by name
helm() { "$here/cluster" helm "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^version: //p' "$top/deploy/helm/do-egress-ip/Chart.yaml")

# Packed twice, at different times, it is the same.
for folder in given again; do
    SOURCE_DATE_EPOCH=1700000000 "$top/deploy/helm/pack" "$work/$folder"
done
expect 0 '' diff --recursive "$work/given" "$work/again"
cp "$1" "$work/given/do-egress-ip-$version-image.tar"
(cd "$work/given" && sha256sum -- * >SHA256SUMS)

registry=127.0.0.1:5000
printf '%s\n' 'version: 0.1' "storage: {filesystem: {rootdirectory: $work/registry}}" \
    "http: {addr: \"$registry\", secret: none}" >"$work/config.yml"
OTEL_TRACES_EXPORTER=none "$tools/registry" serve "$work/config.yml" >"$work/log" 2>&1 &
until curl --silent --fail --output /dev/null "http://$registry/v2/"; do
    kill -0 $! || {
        cat "$work/log"
        exit 1
    }
    sleep 0.1
done

digest_in() { # ARCHIVE
    tar -xOf "$work/given/$1" index.json | jq -r '.manifests[0].digest'
}
expect 0 '' env PLAIN_HTTP=1 "$top/scripts/publish" "$work/given" "$registry/here"
same 'what was pushed' "$output" "$registry/here/do-egress-ip@$(digest_in "do-egress-ip-$version-image.tar")
$registry/here/charts/do-egress-ip@$(digest_in "do-egress-ip-$version-chart.tar")"

"$here/cluster" up
chart=oci://$registry/here/charts/do-egress-ip
expect 0 "Pulled: $registry/here/charts/do-egress-ip:$version" \
    helm pull --plain-http "$chart" --version "$version" --destination "$work"
expect 0 '' cmp "$work/do-egress-ip-$version.tgz" "$work/given/do-egress-ip-$version.tgz"
expect 0 'kind: DaemonSet' helm install egress --plain-http "$chart" --version "$version" --dry-run=server \
    --set 'matchString=egress,token.existingSecret=digitalocean' --set 'floatingIPs={198.51.100.1}'

# What was changed since it was packed is not pushed.
echo >>"$work/given/do-egress-ip-$version.tgz"
expect 1 'WARNING: 1 computed checksum did NOT match' \
    env PLAIN_HTTP=1 "$top/scripts/publish" "$work/given" "$registry/there"
exit "$failed"
