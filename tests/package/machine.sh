#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A systemd that boots inside a droplet of the lab: systemd-nspawn on an overlay of scripts/droplet-root.
# Its cgroup is the one thing that the private world does not take away; keep_cgroup() sees to that.
: "${lab:?}"
machine=/run/machine
leader=

# Makes a cgroup, and removes it when the last process that inherits fd 7 has ended, however it ended.
keep_cgroup() { # NAME: sets $cgroup, its path below the root of cgroup2
    local answer
    answer=$(mktemp -u)
    mkfifo "$answer"
    # Its own session and mounts: nothing that kills the test's processes finds it.
    # shellcheck disable=SC2016 # expanded in there
    exec 7> >(exec setsid --fork unshare --mount sh -c '
        trap "" HUP INT TERM
        mount -t cgroup2 cgroup2 /sys/fs/cgroup && cd /sys/fs/cgroup &&
            cd "./$(sed -n s/^0:://p /proc/self/cgroup)" && mkdir "$1" && echo made
        exec >/dev/null 2>&1
        cat
        until ! [ -d "$1" ] || find "$1" -depth -type d -exec rmdir {} +; do sleep 0.1; done
    ' keeper "$1" >"$answer" 2>&1)
    cgroup=$(cat "$answer")
    rm "$answer"
    [ "$cgroup" = made ] || return 1
    cgroup=$(sed -n 's/^0:://p' /proc/self/cgroup)/$1
}

# The file system of the droplet: what is written to it is gone with the world.
make_machine() { # ROOT
    mkdir -p /run/overlay "$machine"
    mount -t tmpfs tmpfs /run/overlay
    mkdir /run/overlay/upper /run/overlay/work
    mount -t overlay overlay "$machine" \
        -o "lowerdir=$1,upperdir=/run/overlay/upper,workdir=/run/overlay/work"
    tr -d - </proc/sys/kernel/random/uuid >"$machine/etc/machine-id"
    configure_networkd "$machine/etc/systemd"
}

# The network of a droplet of the topology classic. Without udev, as in a container, networkd takes
# its links before it knows their routes, and so never flushes one. It believes in udev if /sys is
# writable, and in a link if udev's data has a file for it.
configure_networkd() { # FOLDER
    printf '%s\n' '[Match]' Name=eth0 '[Network]' Address=203.0.113.10/20 Address=10.17.0.5/16 \
        Gateway=203.0.113.1 LinkLocalAddressing=no >"$1/network/public.network"
    printf '%s\n' '[Match]' Name=eth1 '[Network]' Address=10.132.0.5/16 \
        LinkLocalAddressing=no >"$1/network/private.network"
    cat >"$1/system/udev-data.service" <<'END'
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sh -c 'mkdir -p /run/sys /run/udev/data && mount -t sysfs sysfs /run/sys && \
    mount --rbind /sys/fs/cgroup /run/sys/fs/cgroup && \
    sed s,^,/run/udev/data/n, /run/sys/class/net/*/ifindex | xargs touch'
END
    mkdir "$1/system/systemd-networkd.service.d"
    printf '%s\n' '[Unit]' Requires=udev-data.service After=udev-data.service '[Service]' \
        BindPaths=/run/sys:/sys >"$1/system/systemd-networkd.service.d/udev.conf"
    systemctl --root="$machine" enable systemd-networkd systemd-networkd-wait-online 2>/dev/null
}

# A droplet's power button; its NICs are bare then. nspawn gets a /tmp and its own cgroup, and
# leaves /proc/sys read-only.
boot_machine() { # NAME: of the droplet
    "$lab" boot "$1"
    printf '%s\n' 'address flush dev eth0' 'address flush dev eth1' | ip -n "$1" -4 -batch -
    # shellcheck disable=SC2016 # expanded in there
    unshare --mount sh -c '
        mount -t tmpfs tmpfs /tmp && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
            echo $$ >"/sys/fs/cgroup$1/cgroup.procs" && shift && exec "$@"' \
        sh "$cgroup" systemd-nspawn --quiet --directory="$machine" --boot --machine="$1" \
        --hostname="$1" --network-namespace-path="/run/netns/$1" --capability=CAP_NET_ADMIN \
        --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off \
        --console=pipe </dev/null >/run/nspawn.log 2>&1 &
    nspawn=$!
    await 60 has_booted || {
        complain "systemd has not booted: $(cat /run/nspawn.log)"
        exit 1
    }
}

has_booted() {
    leader=$(pgrep --parent "$nspawn") &&
        case $(on systemctl is-system-running 2>&1) in running | degraded) ;; *) false ;; esac
}

shut_down() {
    on systemctl poweroff
    wait "$nspawn"
}

on() { nsenter --target "$leader" --all -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

await() { # SECONDS COMMAND…: until it succeeds
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}
