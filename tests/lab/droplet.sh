#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Droplets: what they are, and what may happen to them. topology.sh and filters.sh have what each
# topology is made of.
: "${run:?}" "${control:?}" "${public_range:?}" "${internet:?}" "${vpc_api:?}"

# What is true of the droplet in question.
name='' number='' topology='' id='' region=nyc3
public_nic='' anchor_nic='' vpc_nic=''
public='' public_gateway='' anchor='' anchor_gateway='' vpc='' pods='' kubernetes=''

facts_of() { # NAME
    [ -e "$run/$1.facts" ] || fail "there is no droplet $1"
    # shellcheck disable=SC1090 # written by note_facts()
    . "$run/$1.facts"
}

droplet() { # NAME [NUMBER] [TOPOLOGY]
    choose_facts "$@"
    make_namespaces
    make_forwarding
    ! has_cilium || make_lenient
    note_facts
    boot "$name"
    register
}

choose_facts() { # NAME [NUMBER] [TOPOLOGY]
    local before=("$run"/*.facts)
    [ -e "${before[0]}" ] || before=()
    name=$1 number=$((${#before[@]} + 1))
    if [[ ${2:-} =~ ^[0-9]+$ ]]; then
        number=$2
        shift
    fi
    ((number >= 1 && number <= 250)) || fail "there is no room for droplet $number"
    topology=${2:-classic}
    check_topology
    id=$((758604900 + number))
    public=$public_range.$((113 + (number + 9) / 256)).$(((number + 9) % 256))
    public_gateway=$public_range.113.1
    anchor=10.17.$((number / 200)).$((number % 200 + 4)) anchor_gateway=10.17.0.1
    if has other-anchor; then
        anchor=10.47.$((number / 200)).$((number % 200 + 9)) anchor_gateway=10.47.0.1
    fi
    vpc=10.132.$((number / 200)).$((number % 200 + 4))
    pods=10.244.$number
    public_nic=eth0 anchor_nic=eth0 vpc_nic=eth1
    if has anchor-nic || has two-anchors; then
        public_nic=ens$((RANDOM + 1000))a anchor_nic=ens$((RANDOM + 1000))b
    fi
    kubernetes=$internet.3
    ! has vpc-api || kubernetes=$vpc_api
}

# For facts_of(), and for everybody else.
note_facts() {
    local fact
    for fact in name number topology id region public{,_nic,_gateway} anchor{,_nic,_gateway} \
        vpc{,_nic} pods kubernetes; do
        echo "$fact=${!fact}"
    done >"$run/$name.facts"
    cat >"$run/$name.json" <<END
{"name": "$name", "number": $number, "topology": "$topology", "id": $id, "region": "$region",
 "public": "$public", "public_nic": "$public_nic", "anchor": "$anchor", "anchor_nic": "$anchor_nic",
 "anchor_gateway": "$anchor_gateway", "public_gateway": "$public_gateway",
 "private": "$vpc", "private_nic": "$vpc_nic", "pod": "$pods.2",
 "kubernetes": "https://$kubernetes:6443"}
END
}

mac() { # SIDE: one letter, as in plug()
    printf '04:01:2a:%02x:%02x:%02x' "'$1" $((number / 256)) $((number % 256))
}

make_namespaces() {
    local anchor_bridge=anchor0
    {
        echo "netns add $name"
        echo "netns add $name-pod"
        echo "link add lxc0 netns $name type veth peer name eth0 netns $name-pod"
        plug "$public_nic" p br0
        plug "$vpc_nic" v br2
        if [ "$anchor_nic" != "$public_nic" ]; then
            plug "$anchor_nic" a br1
            anchor_bridge=br1
        fi
        echo "route add $anchor/32 dev $anchor_bridge src $anchor_gateway"
    } | nsenter --net=/run/netns/fabric ip -batch -  # `ip -n` would keep the new names to itself
    ip -n "$name-pod" -batch - <<END
link set lo up
link set eth0 up
address add $pods.2/24 dev eth0
route add default via $pods.1
END
    make_devices
}

plug() { # NIC SIDE BRIDGE
    echo "link add $2$number up master $3 type veth peer name $1 address $(mac "$2") netns $name"
}

# Pods leave by the droplet's address, whichever the route makes it. The kernel of a droplet whose
# anchor has its own NIC is strict about where packets come from, as DOKS sets it.
make_forwarding() {
    local strict=0
    [ "$anchor_nic" = "$public_nic" ] || strict=1
    # shellcheck disable=SC2016 # expanded in there
    nsenter --net="/run/netns/$name" sh -c '
        cd /proc/sys/net/ipv4
        echo 1 >ip_forward
        for device in conf/*; do
            echo "$0" >$device/rp_filter
            echo 1 >$device/arp_ignore
        done
    ' $strict
}

# Cilium's own devices take packets whose answers leave by others.
make_lenient() {
    # shellcheck disable=SC2016 # expanded in there
    nsenter --net="/run/netns/$name" sh -c '
        for device in all default lxc0 cilium_host cilium_net; do
            echo 0 >/proc/sys/net/ipv4/conf/$device/rp_filter
        done'
}

# What takes away all that the kernel did not make itself.
rules_away() {
    ip -n "$name" -4 -details rule show |
        sed -E '/proto kernel/d; s/^([0-9]+):.*/rule delete pref \1/'
}

routes_away() {
    ip -n "$name" -4 -oneline route show table all | sed -E '/ table local | proto kernel/d
        s/ (proto [^ ]+|linkdown|dead)//g; s/\\//g; s/ nhid ([0-9]+) .*/ nhid \1/
        s/ onlink//g; s/ mtu [0-9]+//; s/^/route delete /'
}

# Groups have the higher numbers here, and go first.
nexthops_away() {
    ip -n "$name" nexthop show | sed -E 's/^id ([0-9]+) .*/nexthop delete id \1/' | sort -r
}

boot() { # NAME
    facts_of "$1"
    local away
    away=$(rules_away && nexthops_away)
    ip -n "$name" -batch - <<END
$away
link set group default down
route flush table all
address flush scope global
$(configuration)
END
    filters | nsenter --net="/run/netns/$name" nft -f -
}

# The processes of a droplet, as somebody who looks at it from outside sees them.
pids() { # NAME
    facts_of "$1"
    ip netns pids "$1"
}

# The power fails: whatever runs there ends at once. Its network stays until `boot`.
crash() { # NAME
    local running
    running=$(pids "$1")
    # shellcheck disable=SC2086 # a list
    [ -z "$running" ] || kill -KILL $running 2>/dev/null || true
}

# Its Node goes with it, and its name may be given to another.
destroy() { # NAME
    facts_of "$1"
    crash "$name"
    sim DELETE "/droplets/$id"
    sim DELETE "/nodes/$name"
    local part
    for part in "$name" "$name"-{pod,docker}; do
        [ ! -e "/run/netns/$part" ] || echo "netns delete $part"
    done | ip -batch -
    rm -f "$run/$name.facts" "$run/$name.json" "$run/$name.resolv.conf"
}

# systemd-networkd as it comes (ManageForeignRoutes=, ManageForeignRoutingPolicyRules=): whatever it
# did not configure is removed when it starts, whichever program added it. The routing agent puts back its own.
# A run may take some of it away at the same time, so a deletion may fail.
flush() { # NAME
    facts_of "$1"
    local away
    away=$(rules_away && routes_away && nexthops_away)
    ip -n "$name" -force -batch - <<<"$away" 2>/dev/null || true
    ip -n "$name" -batch - <<<"$(routes)"
}

cut() { change_cut add "$@"; }
mend() { change_cut delete "$@"; }

change_cut() { # add|delete NAME SERVER
    facts_of "$2"
    local server
    case $3 in
    internet) server=$internet.1 ;;
    digitalocean) server=$internet.2 ;;
    kubernetes) server=$kubernetes ;;
    metadata) server=169.254.169.254 ;;
    *) fail "there is no server $3: kubernetes, digitalocean, metadata or internet" ;;
    esac
    nsenter --net=/run/netns/fabric nft "$1" element ip fabric cut \
        "{ $public . $server, $anchor . $server, $vpc . $server }"
}

snapshot() { # NAME
    facts_of "$1"
    ip -n "$name" -4 -details address show | sed -E '/valid_lft/d; s/ [a-z_]+_timer +[0-9.]+//g'
    ip -n "$name" -4 -details rule show
    ip -n "$name" -4 -details nexthop show
    ip -n "$name" -4 -details -oneline route show table all | sort
    nsenter --net="/run/netns/$name" nft --stateless list ruleset
}

register() {
    local outside=null hidden=null inside put
    if ! has no-public; then
        outside=$(interface "$public" 255.255.240.0 "$public_gateway" "$(mac p)")
        has no-anchor || hidden=$(interface "$anchor" 255.255.0.0 "$anchor_gateway" '')
    fi
    inside=$(interface "$vpc" 255.255.0.0 10.132.0.1 "$(mac v)")
    put=(--silent --show-error --fail-with-body --max-time 120 --request PUT)
    curl "${put[@]}" "$control/droplets/$id" --data "{\"name\": \"$name\", \"region\": \"$region\",
            \"public\": $outside, \"anchor\": $hidden, \"private\": $inside}" \
        --next "${put[@]}" "$control/nodes/$name" \
        --data "{\"providerID\": \"digitalocean://$id\", \"podCIDR\": \"$pods.0/24\",
            \"addresses\": [{\"type\": \"InternalIP\", \"address\": \"$vpc\"}]}" >/dev/null ||
        fail "the servers do not take droplet $name"
    ! has_cilium || register_cilium
}

interface() { # ADDRESS NETMASK GATEWAY MAC
    printf '{"ip": "%s", "netmask": "%s", "gateway": "%s", "mac": "%s"}' "$@"
}
