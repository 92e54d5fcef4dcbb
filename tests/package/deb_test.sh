#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package through its life: looked over, installed, upgraded, removed, purged. The system
# it is installed in has the libraries that it needs, a shell, and nothing else.
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
need dpkg dpkg-deb
deb=$(ls "$1"/do-egress-ip_*.deb 2>/dev/null) || skip "no package was built in $1"
[ -e /run/lab/.world ] || exec "$lab" world "$0" "$@"

same 'files' "$(dpkg-deb --contents "$deb" | awk '$1 !~ /^d/ { print $1, $2, $6 }' | sort -k 3)" \
    '-rw-r--r-- root/root ./etc/do-egress-ip/config.toml
-rwxr-xr-x root/root ./usr/bin/do-egress-ip
-rwxr-xr-x root/root ./usr/bin/do-egress-ip-smoke
-rw-r--r-- root/root ./usr/lib/systemd/system/do-egress-ip.service
-rw-r--r-- root/root ./usr/lib/systemd/system/do-egress-ip.timer
-rw-r--r-- root/root ./usr/lib/sysusers.d/do-egress-ip.conf
-rw-r--r-- root/root ./usr/share/bash-completion/completions/do-egress-ip
-rw-r--r-- root/root ./usr/share/doc/do-egress-ip/changelog.Debian.gz
-rw-r--r-- root/root ./usr/share/doc/do-egress-ip/changelog.gz
-rw-r--r-- root/root ./usr/share/doc/do-egress-ip/copyright
-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/do-egress-ip.fish
-rw-r--r-- root/root ./usr/share/man/man7/do-egress-ip.7.gz
-rw-r--r-- root/root ./usr/share/man/man8/do-egress-ip-smoke.8.gz
-rw-r--r-- root/root ./usr/share/man/man8/do-egress-ip.8.gz
-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_do-egress-ip'
for dependency in ca-certificates libc6 libcurl4 libmnl0 libstdc++6; do
    [[ $(dpkg-deb --field "$deb" Depends) == *"$dependency"* ]] ||
        complain "no Depends: $dependency"
done
if command -v lintian >/dev/null; then
    expect 0 '' lintian --allow-root --no-cfg --fail-on error,warning \
        --suppress-tags initial-upload-closes-no-bugs "$deb"
else
    echo 'lintian is not installed'
fi

root=/run/system
"$top/deploy/image/collect" "$1/do-egress-ip" "$root"
program=$(stat --format=%s "$root/usr/local/bin/do-egress-ip")
((program <= 1048576)) || complain "the program has $program bytes"
rm -r "${root:?}/usr/local" "$root/usr/share/doc/do-egress-ip"
mkdir -p "$root/etc/systemd/system"
(cd "$root/var/lib/dpkg" && mkdir info updates && for file in status.d/*; do
    cat "$file"
    printf 'Description: part of the image\n\n'
done >status)
cp -R "$root" /run/before
list() { (cd "$1" && find . ! -type d ! -path './var/lib/dpkg*' -printf '%y %p %l\n' | sort); }
# shellcheck disable=SC2317 # called by name
package() { # ACTION [FILE]
    dpkg --root="$root" --log=/dev/null --force-confold "$@" do-egress-ip </dev/null
}
# shellcheck disable=SC2317 # called by name
in_system() { chroot "$root" "$@"; }

expect 0 'Setting up do-egress-ip' dpkg --root="$root" --log=/dev/null --install "$deb"
expect 0 "do-egress-ip $(dpkg-deb --field "$deb" Version | cut -d- -f1)" \
    in_system /usr/bin/do-egress-ip --version
expect 64 'match' in_system /usr/bin/do-egress-ip --config /etc/do-egress-ip/config.toml
same 'enabled by itself' "$(find "$root/etc/systemd" ! -type d)" ''
gzip -cd "$root/usr/share/man/man8/do-egress-ip.8.gz" | cmp - "$top/man/do-egress-ip.8" ||
    complain 'the manual is another one'

# What the administrator did survives an upgrade, and a removal.
echo '# mine' >>"$root/etc/do-egress-ip/config.toml"
(umask 077 && echo secret >"$root/etc/do-egress-ip/token")
wants=$root/etc/systemd/system/timers.target.wants
mkdir "$wants"
ln -s /usr/lib/systemd/system/do-egress-ip.timer "$wants/"
expect 0 'Setting up do-egress-ip' dpkg --root="$root" --log=/dev/null --install "$deb"
expect 0 '# mine' tail -n 1 "$root/etc/do-egress-ip/config.toml"
[ -L "$wants/do-egress-ip.timer" ] || complain 'an upgrade disabled the timer'
expect 0 'Removing do-egress-ip' package --remove
expect 0 secret cat "$root/etc/do-egress-ip/token"
[ ! -e "$root/usr/bin/do-egress-ip" ] || complain 'the program is still there'

expect 0 'Purging configuration' package --purge
rmdir "$wants"
same 'left behind' "$(list "$root")" "$(list /run/before)"
same 'folders left behind' "$(find "$root" -name '*do-egress-ip*')" ''
exit "$failed"
