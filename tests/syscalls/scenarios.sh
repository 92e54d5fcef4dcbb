#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is disturbed, what must be true after it, and the way back to the next.
: "${lab:?}" "${here:?}" "${scenario:?}" "${trace:?}"
pool=198.51.100.1,198.51.100.2 public=203.0.113.10
reconcile=(one --match-string one --floating-ips "$pool" --timeout 60s)
release=(one release --match-string one --floating-ips "$pool" --timeout 60s)
command=("${reconcile[@]}")
[ "$scenario" != release ] || command=("${release[@]}")

open_world() {
    "$lab" up
    "$lab" pool "$pool"
    "$lab" droplet one 1
    control PATCH /settings --data '{"enforce_limits": false}' >/dev/null
    before=$("$lab" snapshot one)
    run "${release[@]}" # it leaves labels
    case $scenario in
    repair | lost) settle ;;
    esac
}

control() { # METHOD PATH…
    local method=$1 path=$2
    shift 2
    curl --silent --fail --request "$method" "http://127.0.0.1:8001$path" "$@"
}

run() { # ARGUMENT…; then there are $status and what it $said
    status=0
    said=$("$lab" tool "$@" 2>&1 </dev/null) || status=$?
}

run_traced() { # INJECT ALONE CALL
    local program=$DO_EGRESS_IP
    DO_EGRESS_IP=$here/traced run "${command[0]}" PROGRAM="$program" TRACE="$trace" \
        INJECT="$1" ALONE="$2" CALL="$3" "${command[@]:1}"
}

# What the internet sees, and what the Node and DigitalOcean say.
look() {
    sees=$(nsenter --net=/run/netns/one curl --silent --max-time 10 http://192.0.2.1/ || echo none)
    read -r held label labelled version < <(control GET /world | jq -r '[
        ([.addresses | to_entries[] | select(.value.droplet) | .key] | join(",") |
            if . == "" then "none" else . end),
        (.nodes.one.labels | (.["do-outbound-floating-ip-enabled"] // "none"),
            (.["do-outbound-floating-ip"] // "none")),
        .nodes.one.resourceVersion] | join(" ")')
}

default_of_now() { ip -n one route show default; }

# What was there before the run, whose fault it is not.
observe() {
    look
    version_before=$version default_before=$(default_of_now)
}

# An address that was taken away leaves no egress until the default is changed.
untouched() { [ "$scenario" = lost ] && [ "$(default_of_now)" = "$default_before" ]; }

# Egress by the public or the held address, and a label that does not lie, unless the run has not yet
# come to what was wrong before it. A guard may still be at work.
safe() {
    local deadline=$((SECONDS + 20))
    until look && is_safe; do
        ((SECONDS < deadline)) || return 1
    done
}

is_safe() {
    [[ $held != *,* ]] || return 1
    [ "$sees" = "$public" ] || { [ "$sees" != none ] && [ "$sees" = "$held" ]; } || untouched ||
        return 1
    [ "$label" != true ] || [ "$sees" = "$labelled" ] || [ "$version" = "$version_before" ]
}

# One of the exit codes that are documented, and a word why.
documented() {
    case $status in
    0) true ;;
    1[0-5] | 64 | 69 | 70 | 71 | 75 | 77 | 78) [[ $said == *'do-egress-ip: error: '* ]] ;;
    *) false ;;
    esac
}

# The next run, which nobody disturbs, and where the next point begins.
settle() {
    run "${command[@]}"
    look
    [ "$status" = 0 ] || return 1
    case $scenario in
    claim) all_right && run "${release[@]}" && look && restored ;;
    release) restored ;;
    *) all_right ;; # reset by prepare(); released in the end
    esac
}

all_right() { [ "$held" != none ] && [ "$sees" = "$held" ] && [ "$label $labelled" = "true $held" ]; }

restored() {
    case $scenario in
    repair | lost) run "${release[@]}" ;;
    esac
    look
    [ "$status $held $sees $label" = "0 none $public false" ] &&
        [ "$("$lab" snapshot one)" = "$before" ]
}

# Something to do for the next run.
prepare() {
    case $scenario in
    repair) "$lab" flush one ;;
    lost)
        look
        control POST "/unassign/$held" --data "" >/dev/null
        ;;
    release) run "${reconcile[@]}" ;;
    esac
}
