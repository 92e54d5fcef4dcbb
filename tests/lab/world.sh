#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The private world: namespaces that the kernel takes away with their first process, and with them
# everything that is in there, whatever happened to it.
: "${here:?}" "${run:?}"

resolver=/run/resolv.conf.lab

unshare=(unshare --mount --net --pid --fork --kill-child --mount-proc)
[ "$EUID" = 0 ] || unshare+=(--user --map-root-user)

world() { # COMMAND…
    local refusal
    refusal=$(refused) && {
        echo "lab: skipped: $refusal" >&2
        exit 77
    }
    local group leash
    group=$(make_group)
    exec {leash}> >(exec setsid "$here/lab" remove-group "$group" >/dev/null 2>&1)
    # Ends with us, be it by SIGKILL: setpriv sees to the first of these, unless we were gone before
    # it ran; --kill-child to the rest. A shell's background job would ignore Ctrl-C, and so would
    # all that comes from it: hence env.
    # shellcheck disable=SC2016 # expanded in there
    setpriv --pdeathsig KILL env --default-signal LAB_CGROUP="$group" \
        sh -c '[ "$PPID" = "$0" ] && exec "$@"' $$ \
        "${unshare[@]}" "$here/lab" inside "$@" <&0 {leash}>&- &
    local first=$!
    trap 'kill -KILL $first; exit 129' HUP
    trap 'kill -KILL $first; exit 130' INT
    trap 'kill -KILL $first; exit 143' TERM
    local status=0
    wait $first || status=$?
    exec {leash}>&-
    [ -z "$group" ] || (until_so has_no_groups "${group##*/}") || true
    exit $status
}

has_no_groups() { # NAME
    local left=(/sys/fs/cgroup/*/"$1" /sys/fs/cgroup/"$1")
    [ ! -e "${left[0]}" ] && [ ! -e "${left[-1]}" ]
}

# The first process of the world.
inside() { # COMMAND…
    mount -t tmpfs tmpfs /run
    mkdir -p /run/netns "$run"
    touch "$run/.world"
    ip link set lo up
    bind_resolver
    "$@"
}

# The resolver asks the lab's server, which the network of each droplet leads to; up() says where it
# is. /etc/resolv.conf may be a link into /run, which is empty in here.
bind_resolver() {
    local file
    file=$(readlink -m /etc/resolv.conf)
    touch "$resolver"
    if [[ $file == /run/* ]]; then
        mkdir -p "${file%/*}"
        touch "$file"
    fi
    [ ! -e "$file" ] || mount --bind "$resolver" "$file"
}

in_world() { [ -e "$run/.world" ]; }

# Says what this machine refuses, and what to do; fails where it refuses nothing.
refused() {
    local program reason
    for program in unshare setpriv nsenter flock ip nft curl openssl; do
        command -v "$program" >/dev/null || {
            echo "$program is not installed"
            return
        }
    done
    reason=$("${unshare[@]}" sh -c 'mount -t tmpfs tmpfs /run && ip link add type veth &&
        ip link add type bridge && nft add table ip probe' 2>&1) && return 1
    echo "no namespaces for $(id -un) (${reason%%$'\n'*}): $(remedy)"
}

remedy() {
    local switches=/proc/sys
    if [ "$EUID" = 0 ]; then
        echo "needs CAP_SYS_ADMIN and CAP_NET_ADMIN; in Docker, run --privileged"
    elif [ "$(cat $switches/kernel/apparmor_restrict_unprivileged_userns 2>&1)" = 1 ]; then
        echo "run as root, or sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    elif [ "$(cat $switches/kernel/unprivileged_userns_clone 2>&1)" = 0 ]; then
        echo "run as root, or sysctl kernel.unprivileged_userns_clone=1"
    else
        echo "run as root"
    fi
}
