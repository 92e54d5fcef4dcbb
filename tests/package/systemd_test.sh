#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The units: sound for systemd, hardened, agreeing with the exit codes of the program; and what they
# start brings about an egress with the rights that they leave to it.
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
need systemd-analyze capsh
deb=$(ls "$1"/do-egress-ip_*.deb 2>/dev/null) || skip "no package was built in $1"
[ -e /run/lab/.world ] || exec "$lab" world "$0" "$@"

root=/run/system
"$top/deploy/image/collect" "$1/do-egress-ip" "$root"
dpkg-deb --extract "$deb" "$root"
unit=$root/usr/lib/systemd/system/do-egress-ip.service
value() { sed -n "s/^$1=//p" "$unit"; }

# The program is where the unit says, and nothing is said about the two units.
cp /usr/lib/systemd/system/*.target "$root/usr/lib/systemd/system/"
expect 0 '' systemd-analyze verify --root="$root" --man=no do-egress-ip.service do-egress-ip.timer
same 'complaints of systemd' "$(grep -F do-egress-ip <<<"$output" || true)" ''
expect 0 '' systemd-analyze security --offline=yes --threshold=20 "$unit"
tail -n 1 <<<"$output"

# By name, as far as there is one.
number() { # NAME: of systemd's
    case $1 in
    *[!0-9]*) systemd-analyze exit-status "$1" | awk -v name="$1" '$1 == name { print $2 }' ;;
    *) echo "$1" ;;
    esac
}
codes=$("$root/usr/bin/do-egress-ip" --help | sed '1,/^Exit codes:/d' | tr ',' '\n')
named() { awk -v code="$1" '$1 == code { print $2 }' <<<"$codes"; }
prevented=
for code in $(value RestartPreventExitStatus); do
    prevented="$prevented $(named "$(number "$code")")"
done
same 'not tried again at once' "$prevented" \
    ' pool-exhausted foreign-ip rolled-back usage software os-error no-permission config'

# As an administrator fills it in.
sed -Ei 's/^#(match-string|floating-ips|metrics-file) /\1 /; s/"198.51.100.[78]"/"198.51.100.1"/g;
    s/"egress"/"one"/' "$root/etc/do-egress-ip/config.toml"
folder=/run/$(value RuntimeDirectory)
mkdir -p "$root/run/lab" "$root/run/credentials" "$root$folder"
mount --bind "$root" "$root"
mount --bind /run/lab "$root/run/lab"

PATH=$PATH:$top/tests/lab
lab up
lab pool 198.51.100.1
lab droplet one

credential=$(value LoadCredential)
same 'the token' "${credential#*:}" /etc/do-egress-ip/token
install -m 444 /run/lab/token "$root/run/credentials/${credential%%:*}"
environment=$(value Environment)
command=$(value ExecStart)
mount -o remount,bind,ro "$root"

# Another user with one capability, as DynamicUser= and AmbientCapabilities= have it. Where there
# is no other user, in a namespace with one, it stays root, without the capabilities of root.
user=(--gid=65534 --uid=65534)
[ "$(awk 'END { print $3 }' /proc/self/uid_map)" != 1 ] || user=()
mount -t tmpfs -o "mode=755,uid=$([ ${#user[@]} = 0 ] && id -u || echo 65534)" tmpfs "$root$folder"
same 'capabilities' "$(value AmbientCapabilities) $(value CapabilityBoundingSet)" \
    'CAP_NET_ADMIN CAP_NET_ADMIN'
drop=$(setpriv --list-caps | sed -n '/^net_admin$/d; s/^\([a-z]\)/cap_\1/p' | paste -sd, -)
# shellcheck disable=SC2317 # called by name
start() {
    # shellcheck disable=SC2086 # a command line
    nsenter --net=/run/netns/one env -i PATH="$PATH" "${environment/\%d//run/credentials}" \
        DIGITALOCEAN_API_URL=https://192.0.2.2 SSL_CERT_FILE=/run/lab/ca.pem NODE_NAME=one \
        capsh --no-new-privs --chroot="$root" --drop="$drop" --keep=1 "${user[@]}" \
        --caps=cap_net_admin+eip --addamb=cap_net_admin --shell="${command%% *}" -- ${command#* }
}
expect 0 '' start
same 'seen as' "$(lab whatismyip one)" 198.51.100.1
lab flush one
[ "$(lab whatismyip one)" != 198.51.100.1 ] || complain 'networkd did not flush'
expect 0 'default' start
same 'seen as, after networkd was restarted' "$(lab whatismyip one)" 198.51.100.1

# The metrics are where the configuration says, for everybody to read.
same 'folder of metrics' "$(ls "$root$folder")" do-egress-ip.prom
same 'mode of metrics' "$(stat --format %a "$root$folder/do-egress-ip.prom")" 644
same 'runs' "$(grep '^do_egress_ip_runs_total{result="changed",' "$root$folder/do-egress-ip.prom")" \
    'do_egress_ip_runs_total{result="changed",code="0"} 2'
exit "$failed"
