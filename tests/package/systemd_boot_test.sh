#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The package on a droplet with a real systemd: installed, upgraded, rebooted, its routes flushed by
# systemd-networkd, its metrics read by node_exporter, removed, purged.
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
# shellcheck source=tests/package/machine.sh
. "$(dirname "$0")/machine.sh"
if [ ! -e /run/lab/.world ]; then
    [ "$EUID" = 0 ] || skip 'its own systemd needs root'
    need systemd-nspawn pgrep
    deb=$(ls "$1"/do-egress-ip_*.deb 2>/dev/null) || skip "no package was built in $1"
    root=$("$top/scripts/droplet-root" --if-there) || exit
    keep_cgroup "do-egress-ip-$$-$RANDOM" || skip "this machine lets its root make no cgroup: $cgroup"
    exec "$lab" world "$0" "$deb" "$root" "$cgroup"
fi
deb=$1 root=$2 cgroup=$3
PATH=$PATH:$top/tests/lab

# shellcheck disable=SC2317 # called by name
sees() { [ "$(lab whatismyip one)" = "$1" ]; }
# shellcheck disable=SC2317 # called by name
metric() { # the value that node_exporter tells of it
    lab exec one curl --silent --max-time 5 http://127.0.0.1:9100/metrics |
        awk -v name="$1" '$1 ~ "^" name "([{]|$)" { print $2 }'
}
# shellcheck disable=SC2317 # called by name
has_metrics() { [ -n "$(metric do_egress_ip_last_success_timestamp_seconds)" ]; }
state() { on systemctl show --property "$1" --value do-egress-ip.service; }
# Returns when the timer's next run has ended: now there are 30 seconds until another one.
await_run() {
    local before
    before=$(state InvocationID)
    await 60 has_run_since "$before" || complain 'the timer started no run in 60 s'
}
# shellcheck disable=SC2317 # called by name
has_run_since() { # INVOCATION
    [ "$(state InvocationID)" != "$1" ] && case $(state ActiveState) in *ing) false ;; esac
}
step() { printf '%3d s  %s\n' "$SECONDS" "$1"; }

step 'boot a droplet whose network is configured by systemd-networkd'
make_machine "$root"
lab up
lab pool 198.51.100.1
lab droplet one
cp /run/lab/ca.pem "$machine/etc/ssl/lab.pem"
boot_machine one
await 30 sees 203.0.113.10 || {
    complain "the droplet has no network: $(on networkctl status --no-pager --lines 20 eth0 2>&1
        on journalctl --no-pager --unit systemd-networkd --unit udev-data 2>&1 | tail -n 20)"
    exit 1
}

# Up to systemd 256 the folder of a DynamicUser becomes the next user's; later it stays nobody's until
# a reboot.
hid=
[ "$(on systemctl --version | awk 'NR == 1 { print $2 }')" -ge 257 ] || hid=yes
step "install an older version${hid:+, which hid its metrics}"
older=/run/older
dpkg-deb --raw-extract "$deb" "$older"
sed -i 's/^Version: .*/Version: 0.0.9-1/' "$older/DEBIAN/control"
[ -z "$hid" ] || {
    sed -i 's/^User=.*/DynamicUser=yes/' "$older/usr/lib/systemd/system/do-egress-ip.service"
    rm -r "$older/usr/lib/sysusers.d" "$older/DEBIAN/postinst"
}
echo '# older' >>"$older/etc/do-egress-ip/config.toml"
dpkg-deb --root-owner-group --build "$older" "$machine/root/older.deb" >/dev/null
cp "$deb" "$machine/root/current.deb"
expect 0 'Setting up do-egress-ip (0.0.9-1)' on dpkg --install /root/older.deb
same 'enabled by itself' "$(on systemctl is-enabled do-egress-ip.timer || true)" disabled

step 'configure and enable, as deploy/systemd/README.md says'
folder=$machine/etc/do-egress-ip
sed -Ei 's/^#(match-string|floating-ips|token-file|metrics-file|kubernetes) /\1 /
    s/"198.51.100.[78]"/"198.51.100.1"/g; s/"egress"/"one"/' "$folder/config.toml"
printf '%s\n' 'api-url = "https://192.0.2.2"' 'ca-file = "/etc/ssl/lab.pem"' >>"$folder/config.toml"
(umask 077 && cat /run/lab/token >"$folder/token")
expect 0 'planned: ' on do-egress-ip --config /etc/do-egress-ip/config.toml --dry-run
on ln -s /run/do-egress-ip/do-egress-ip.prom /var/lib/prometheus/node-exporter/
expect 0 '' on systemctl enable --now do-egress-ip.timer
await 60 sees 198.51.100.1 || complain 'the timer did not bring the reserved IP'
[ -z "$hid" ] ||
    same 'folder of metrics in the older version' "$(on stat --format %F /run/do-egress-ip)" 'symbolic link'

step 'upgrade'
expect 0 'Setting up do-egress-ip' on dpkg --force-confold --install /root/current.deb
same 'timer after the upgrade' "$(on systemctl is-active do-egress-ip.timer || true)" active
expect 0 '"one"' grep '^match-string' "$folder/config.toml"
await 30 has_metrics || complain "node_exporter sees no metrics: $(on ls -lR /run/do-egress-ip/ 2>&1)"
same 'files that node_exporter cannot read' "$(metric node_textfile_scrape_error)" 0
same 'folder of metrics' "$(on stat --format '%F %U' /run/do-egress-ip)" 'directory do-egress-ip'
[ -z "$hid" ] || same 'folder of the older version' "$(on ls /run/private)" ''
expect 1 'Permission denied' on setpriv --reuid=do-egress-ip --regid=do-egress-ip --clear-groups \
    cat /etc/do-egress-ip/token

step 'hold the units against systemd'
expect 0 '' on systemd-analyze verify --man=no do-egress-ip.service do-egress-ip.timer
same 'complaints of systemd' "$(grep -F do-egress-ip <<<"$output" || true)" ''
expect 0 '' on systemd-analyze security --threshold=20 do-egress-ip.service
tail -n 1 <<<"$output"

step 'restart systemd-networkd, which flushes routes and rules'
await_run
on systemctl restart systemd-networkd
await 20 sees 203.0.113.10 || complain 'systemd-networkd did not flush the default route'
same 'rules after the flush' "$(ip -n one rule | grep -c 'proto 173' || true)" 0
step 'wait for the timer'
await 60 sees 198.51.100.1 || complain 'the timer did not repair the route'

step 'restart it as deploy/systemd/README.md says, so that egress survives'
mkdir "$machine/etc/systemd/networkd.conf.d"
printf '[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n' \
    >"$machine/etc/systemd/networkd.conf.d/do-egress-ip.conf"
mkdir "$machine/etc/systemd/network/public.network.d"
printf '[Network]\nKeepConfiguration=static\n' \
    >"$machine/etc/systemd/network/public.network.d/do-egress-ip.conf"
on systemctl stop do-egress-ip.timer
on systemctl restart systemd-networkd systemd-networkd-wait-online
same 'address that systemd-networkd left' "$(lab whatismyip one)" 198.51.100.1
rm -r "$machine/etc/systemd/networkd.conf.d" "$machine/etc/systemd/network/public.network.d"
on systemctl start do-egress-ip.timer

step 'reboot, with another interval'
mkdir "$machine/etc/systemd/system/do-egress-ip.timer.d"
printf '[Timer]\nOnUnitInactiveSec=\nOnActiveSec=0\nOnUnitInactiveSec=10s\n' \
    >"$machine/etc/systemd/system/do-egress-ip.timer.d/override.conf"
shut_down
boot_machine one
await 60 sees 198.51.100.1 || complain 'no reserved IP after a reboot'
before=$SECONDS
await_run
((SECONDS - before < 25)) || complain "the next run came after $((SECONDS - before)) s, not 10"
rm -r "$machine/etc/systemd/system/do-egress-ip.timer.d"
same 'failed units' "$(on systemctl --failed --plain --no-legend)" ''

step 'lose the address, without a token'
mv "$folder/token" "$folder/away"
lab sim POST /unassign/198.51.100.1
expect 1 '' on systemctl start do-egress-ip
same 'end of a run without a token' "$(state Result) $(state ExecMainStatus)" 'exit-code 78'
expect 0 'no token' on journalctl --unit do-egress-ip --boot --output cat
same 'address without a token' "$(lab whatismyip one)" 203.0.113.10

step 'get it back with an encrypted token'
expect 0 '' on systemd-creds encrypt --name=token /etc/do-egress-ip/away /etc/do-egress-ip/token.cred
mkdir "$machine/etc/systemd/system/do-egress-ip.service.d"
printf '[Service]\nLoadCredential=\nLoadCredentialEncrypted=token:/etc/do-egress-ip/token.cred\n' \
    >"$machine/etc/systemd/system/do-egress-ip.service.d/override.conf"
on systemctl daemon-reload
expect 0 '' on systemctl start do-egress-ip
same 'address after a repair by hand' "$(lab whatismyip one)" 198.51.100.1
rm -r "$machine/etc/systemd/system/do-egress-ip.service.d"

step 'remove'
expect 0 'Removing do-egress-ip' on dpkg --remove do-egress-ip
same 'timer after the removal' "$(on systemctl is-active do-egress-ip.timer || true)" inactive
same 'address without the package' "$(lab whatismyip one)" 198.51.100.1
expect 0 '"one"' grep '^match-string' "$folder/config.toml"

step 'purge'
expect 0 'Purging configuration' on dpkg --purge do-egress-ip
same 'left behind' "$(on find /etc /run /usr /var/lib -name '*do-egress-ip*')" ''
expect 2 '' on getent passwd do-egress-ip
same 'files that node_exporter cannot read' "$(metric node_textfile_scrape_error)" 0
step 'done'
exit "$failed"
