#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Containers on a droplet: a program in its own process namespace and control group, in the
# droplet's network. Who kills it takes along whatever it started. Where the machine has no control
# groups for us, the process namespace alone does.
: "${run:?}" "${name=}"

container() { # NAME -- COMMAND…
    facts_of "$1"
    if [ "${2:-}" != -- ] || [ $# -lt 3 ]; then
        fail "container takes NAME -- COMMAND…"
    fi
    shift 2
    local group
    group=$(group_of "$name")
    [ -z "$group" ] || echo $$ >"$group/cgroup.procs"
    exec nsenter --net="/run/netns/$name" \
        unshare --pid --fork --kill-child --mount-proc "$@"
}

freeze() { # NAME
    local group
    group=$(group_of "$1")
    if [ -z "$group" ]; then
        signal_contained STOP "$1"
    elif [ -e "$group/cgroup.freeze" ]; then
        echo 1 >"$group/cgroup.freeze"
        until_so grep -q '^frozen 1' "$group/cgroup.events"
    else
        echo FROZEN >"$group/freezer.state"
        until_so grep -q FROZEN "$group/freezer.state"
    fi
}

thaw() { # NAME
    local group
    group=$(group_of "$1")
    if [ -z "$group" ]; then
        signal_contained CONT "$1"
    elif [ -e "$group/cgroup.freeze" ]; then
        echo 0 >"$group/cgroup.freeze"
    else
        echo THAWED >"$group/freezer.state"
    fi
}

# As the kubelet does when the grace period is over, or the kernel when memory is: none of them does
# anything when another one has ended.
kill_containers() { # NAME
    local group
    group=$(group_of "$1")
    freeze "$1"
    if [ -n "$group" ] && [ -e "$group/cgroup.kill" ]; then
        echo 1 >"$group/cgroup.kill"
    else
        signal_contained KILL "$1"
    fi
    thaw "$1"
    until_so is_empty "$1"
}

is_empty() { [ -z "$(contained "$1")" ]; } # NAME

signal_contained() { # SIGNAL NAME
    local running
    running=$(contained "$2")
    # shellcheck disable=SC2086 # a list
    [ -z "$running" ] || kill -s "$1" $running 2>/dev/null || true
}

# The processes on the droplet that are in their own process namespace, or made one.
contained() { # NAME
    local pid own
    own=$(readlink /proc/self/ns/pid)
    for pid in $(pids "$1"); do
        case $(readlink "/proc/$pid/ns/pid_for_children" 2>/dev/null) in
        "$own" | '') ;;
        *) echo "$pid" ;;
        esac
    done
}

until_so() { # COMMAND…
    local tries
    for ((tries = 0; tries < 6000; ++tries)); do
        ! "$@" || return 0
        sleep 0.01
    done
    fail "it does not come about: $*"
}

# The control group of a droplet's containers; none where the world has none.
group_of() { # NAME
    facts_of "$1"
    [ -n "${LAB_CGROUP:-}" ] || return 0
    mkdir -p "$LAB_CGROUP/$1"
    echo "$LAB_CGROUP/$1"
}

# For the world: a control group of version 2, wherever that is mounted, or one of version 1 that can
# be frozen. Nothing where this machine lets us make none.
make_group() {
    local root group
    for root in ${LAB_CGROUP:-} $(awk '$3 == "cgroup2" { print $2 }' /proc/mounts) \
        $(awk '$3 == "cgroup" && $4 ~ /freezer/ { print $2 }' /proc/mounts); do
        group=$root/lab-$$
        mkdir "$group" 2>/dev/null || continue
        if [ -e "$group/cgroup.freeze" ] || [ -e "$group/freezer.state" ]; then
            echo "$group"
            return
        fi
        rmdir "$group"
    done
}

# Control groups outlive a world: takes them away when standard input ends, which is when the one who
# started the world is no more. Those of its name as well that others made in other hierarchies.
remove_group() { # GROUP
    local tries root folder left
    read -r _ || true
    [[ ${1##*/} == lab-* ]] || return 0
    for ((tries = 0; tries < 200; ++tries)); do
        left=''
        for root in "${1%/*}" $(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts); do
            [ -d "$root/${1##*/}" ] || continue
            left=yes
            while read -r folder; do
                [ ! -e "$folder/freezer.state" ] || echo THAWED >"$folder/freezer.state"
                rmdir "$folder" || true
            done < <(find "$root/${1##*/}" -depth -type d)
        done
        [ -n "$left" ] || return 0
        sleep 0.05
    done
}
