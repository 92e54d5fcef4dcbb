#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The image holds what it must and nothing else, and every tool that reads images can read it.
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
need jq
image=$1/image
root=$image/rootfs
archive=$image/do-egress-ip.tar
[ -e "$archive" ] || skip "$archive was not built"
work=$(mktemp -d "$1/image-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

size=$(find "$root" -type f -printf '%s\n' | awk '{ total += $1 } END { print total }')
((size <= 15000000)) || complain "the image has $size bytes"

same 'files of another user' "$(find "$root" -perm /7000 -o -type f -perm /022)" ''
same 'programs' "$(cd "$root" && find . -type f -perm /111 ! -name '*.so.*' | sort)" \
    './bin/busybox
./usr/local/bin/do-egress-ip
./usr/local/bin/do-egress-ip-loop'
same 'shared libraries' "$(find "$root" -name '*.so.*' ! -name 'ld-linux*' -printf '%f\n' | sort)" 'libc.so.6
libmnl.so.0'
same 'links' "$(cd "$root" && find . -type l | sort)" './bin/sh
./bin/sleep'
same 'other files' "$(cd "$root" && find . -type f ! -perm /111 | grep -v '^./usr/share/' |
    grep -v '^./var/lib/dpkg/status.d/' | sort)" './etc/group
./etc/nsswitch.conf
./etc/os-release
./etc/passwd
./etc/ssl/certs/ca-certificates.crt'
for licence in do-egress-ip curl fmtlib libssl-dev busybox-static libc6 libtomlplusplus-dev nlohmann-json3-dev; do
    [ -s "$root/usr/share/doc/$licence/copyright" ] || complain "no licence of $licence"
done
for package in curl fmtlib libc6 libssl-dev; do
    grep -q '^Version: [0-9]' "$root/var/lib/dpkg/status.d/$package" || complain "no version of $package"
done

# Each blob is what its name says, and what the others say of it.
tar -x -C "$work" -f "$archive"
blobs=$work/blobs/sha256
for blob in "$blobs"/*; do
    same "digest of ${blob##*/}" "$(sha256sum "$blob" | cut -d' ' -f1)" "${blob##*/}"
done
manifest=$(jq -r '.manifests[0].digest' "$work/index.json")
manifest=$blobs/${manifest#sha256:}
config=$blobs/$(jq -r .config.digest "$manifest" | cut -d: -f2)
layer=$blobs/$(jq -r '.layers[0].digest' "$manifest" | cut -d: -f2)
same 'sizes' "$(jq -c '[.config.size, .layers[0].size]' "$manifest")" \
    "[$(stat -c %s "$config"),$(stat -c %s "$layer")]"
(($(stat -c %s "$layer") <= 6000000)) || complain "$(stat -c %s "$layer") bytes have to be pulled"
same 'the layer unpacked' "$(jq -r '.rootfs.diff_ids[0]' "$config")" \
    "sha256:$(gzip -cd "$layer" | sha256sum | cut -d' ' -f1)"
same 'for docker load' "$(jq -r '.[0] | .Config, .Layers[0]' "$work/manifest.json")" \
    "blobs/sha256/${config##*/}
blobs/sha256/${layer##*/}"
same 'entrypoint' "$(jq -c .config.Entrypoint "$config")" '["/usr/local/bin/do-egress-ip"]'
version=$("$root/usr/local/bin/do-egress-ip" --version)
same 'version' "$(jq -r '.config.Labels["org.opencontainers.image.version"]' "$config")" \
    "${version#do-egress-ip }"
names=$(jq -r '.[0].RepoTags[0]' "$work/manifest.json"; jq -r '.manifests[0].annotations["io.containerd.image.name"]' \
    "$work/index.json")
for name in $names; do
    [[ $name == docker.io/library/do-egress-ip:* || $name == *.*/* ]] || complain "the kubelet does not find $name"
done
same 'owners' "$(gzip -cd "$layer" | tar -tv --numeric-owner | awk '{ print $2 }' | sort -u)" 0/0

# The same again, to the last bit, at another time and place.
epoch=$(date --date="$(jq -r .created "$config")" +%s)
revision=$(jq -r '.config.Labels["org.opencontainers.image.revision"]' "$config")
cp -R "$root" "$work/copy"
SOURCE_DATE_EPOCH=$epoch "$top/deploy/image/pack" "$work/copy" "$work/again.tar" \
    "$(jq -r '.[0].RepoTags[0]' "$work/manifest.json")" "${version#do-egress-ip }" "$revision" >/dev/null
cmp "$archive" "$work/again.tar" || complain 'not reproducible'

# The Dockerfile takes the same list, and the ignore file lets through what that needs.
grep -q 'deploy/image/collect ' "$top/deploy/image/Dockerfile" || complain 'Dockerfile: no collect'
exit "$failed"
