#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The image on a droplet, as Kubernetes runs it: its own root file system and that read-only, no
# capability but NET_ADMIN, the network of the host.
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
need capsh jq
[ -e "$1/image/rootfs" ] || skip "$1/image/rootfs was not built"
[ -e /run/lab/.world ] || exec "$lab" world "$0" "$@"

# A copy, so that mount points can be made in it as a container runtime does.
root=/run/image
cp -R "$1/image/rootfs" "$root"
mkdir -p "$root/run/lab" "$root/dev/shm"
: >"$root/etc/hosts"
echo '192.0.2.2 api.example.org' >/run/hosts
: >"$root/dev/null"
mount --bind "$root" "$root"
mount --bind /run/lab "$root/run/lab"
mount --bind /run/hosts "$root/etc/hosts"
mount --bind /dev/null "$root/dev/null"
mount -t tmpfs tmpfs "$root/dev/shm"
mount --rbind /proc "$root/proc"
mount -o remount,bind,ro "$root"

drop=$(setpriv --list-caps | sed -n '/^net_admin$/d; s/^\(cap_\)*\([a-z]\)/cap_\2/p' | paste -sd, -)
in_image() { # PROGRAM: writes a script that runs it in the image
    printf '#!/bin/sh\nexec capsh --no-new-privs --chroot=%s --drop=%s --shell=%s -- "$@"\n' \
        "$root" "$drop" "$1" >"/run/in-image-${1##*/}"
    chmod +x "/run/in-image-${1##*/}"
}
in_image /usr/local/bin/do-egress-ip
in_image /usr/local/bin/do-egress-ip-loop
in_image /bin/sh
shell=/run/in-image-sh

# Before anything else: is it what Kubernetes gives?
expect 0 '' "$shell" -c 'grep -E "^(Cap|NoNewPrivs)" /proc/self/status'
same 'capabilities' "$(tr '\t' ' ' <<<"$output")" 'CapInh: 0000000000000000
CapPrm: 0000000000001000
CapEff: 0000000000001000
CapBnd: 0000000000001000
CapAmb: 0000000000000000
NoNewPrivs: 1'
expect 1 'Read-only file system' "$shell" -c ': >/x'
expect 0 '/bin/busybox' "$shell" -c 'readlink -f /bin/sh'

# Every library is there, and is needed.
libraries=$(chroot "$root" "/$(cd "$root" && echo lib*/ld-linux*)" --list \
    /usr/local/bin/do-egress-ip | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort)
same 'libraries' "$(cd "$root" && find . -name '*.so.*' ! -name 'ld-linux*' | cut -c2- | sort)" \
    "$libraries"

PATH=$PATH:$top/tests/lab
export DO_EGRESS_IP=/run/in-image-do-egress-ip
lab up
lab pool 198.51.100.1-2
lab droplet one anchor-nic
arguments=(--match-string one --floating-ips '198.51.100.1,198.51.100.2')
seen() { lab whatismyip one; }

# Names are resolved inside of it: this one is in a file, and the certificate is for another.
before=$(seen)
expect 69 'certificate' lab tool one DIGITALOCEAN_API_URL=https://api.example.org \
    "${arguments[@]}" --timeout 10s

expect 0 '' lab tool one "${arguments[@]}"
address=$(seen)
[[ $address == 198.51.100.* && $address != "$before" ]] || complain "seen as $address: $output"
expect 0 "$address" lab sim GET /world
expect 0 '"unchanged"' lab tool one "${arguments[@]}" -o json

# The loop, by the image's shell: it repairs what is lost, says each result once, and ends at once.
# shellcheck disable=SC2317 # called by name
asked() { # how often metadata was asked, which a run does once
    lab sim GET /journal | jq '[.requests[] | select(.server == "metadata")] | length'
}
until_true() { # COMMAND…: for ten seconds at most
    local end=$((SECONDS + 10))
    until "$@"; do
        ((SECONDS < end)) || {
            complain "never true: $*"
            return
        }
        sleep 0.1
    done
}
# shellcheck disable=SC2317 # called by name
runs() { (($(asked) >= $1)); }
# shellcheck disable=SC2317 # called by name
repaired() { [ "$(seen)" = "$address" ]; }
lab sim DELETE /journal
DO_EGRESS_IP=/run/in-image-do-egress-ip-loop lab tool one 1 -- /usr/local/bin/do-egress-ip \
    "${arguments[@]}" >/run/loop.out 2>/run/loop.err &
loop=$!
until_true runs 2
lab flush one
until_true repaired
kill -TERM $loop
status=0
wait $loop || status=$?
same 'the loop ends with' "$status" 143
same 'the loop says' "$(grep '^do-egress-ip-loop:' /run/loop.err)" 'do-egress-ip-loop: exit 0; again every 1 s'
grep -q 'default' /run/loop.out || complain "the loop shows no repair: $(cat /run/loop.out)"
exit "$failed"
