#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Droplets: how each topology is configured, and what may happen to it.
: "${run:?}" "${control:?}"

topologies=(classic anchor-nic dhcp-metric two-defaults two-defaults-vpc routing-agent no-anchor
    anchor-unconfigured two-anchors no-public)

# What is true of the droplet in question.
name='' number='' topology='' id='' region=nyc3
public_nic='' anchor_nic='' vpc_nic=''
public='' anchor='' vpc='' pods=''

facts_of() { # NAME
    [ -e "$run/$1.facts" ] || fail "there is no droplet $1"
    # shellcheck disable=SC1090 # written by note_facts()
    . "$run/$1.facts"
}

droplet() { # NAME [NUMBER] [TOPOLOGY]
    choose_facts "$@"
    make_namespaces
    make_forwarding
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
    [[ " ${topologies[*]} " == *" $topology "* ]] || fail "there is no topology $topology"
    id=$((758604900 + number))
    public=203.0.$((113 + (number + 9) / 256)).$(((number + 9) % 256))
    anchor=10.17.$((number / 200)).$((number % 200 + 4))
    vpc=10.132.$((number / 200)).$((number % 200 + 4))
    pods=10.244.$number
    public_nic=eth0 anchor_nic=eth0 vpc_nic=eth1
    if [ "$topology" = anchor-nic ] || [ "$topology" = two-anchors ]; then
        public_nic=ens$((RANDOM + 1000))a anchor_nic=ens$((RANDOM + 1000))b
    fi
}

# For facts_of(), and for everybody else.
note_facts() {
    local fact
    for fact in name number topology id region public{,_nic} anchor{,_nic} vpc{,_nic} pods; do
        echo "$fact=${!fact}"
    done >"$run/$name.facts"
    cat >"$run/$name.json" <<END
{"name": "$name", "number": $number, "topology": "$topology", "id": $id, "region": "$region",
 "public": "$public", "public_nic": "$public_nic", "anchor": "$anchor", "anchor_nic": "$anchor_nic",
 "private": "$vpc", "private_nic": "$vpc_nic", "pod": "$pods.2"}
END
}

mac() { # SIDE: one letter, as in plug()
    printf '04:01:2a:%02x:%02x:%02x' "'$1" $((number / 256)) $((number % 256))
}

make_namespaces() {
    local anchor_gateway=anchor0
    {
        echo "netns add $name"
        echo "netns add $name-pod"
        echo "link add lxc0 netns $name type veth peer name eth0 netns $name-pod"
        plug "$public_nic" p br0
        plug "$vpc_nic" v br2
        if [ "$anchor_nic" != "$public_nic" ]; then
            plug "$anchor_nic" a br1
            anchor_gateway=br1
        fi
        echo "route add $anchor/32 dev $anchor_gateway src 10.17.0.1"
    } | nsenter --net=/run/netns/fabric ip -batch -  # `ip -n` would keep the new names to itself
    ip -n "$name-pod" -batch - <<END
link set lo up
link set eth0 up
address add $pods.2/24 dev eth0
route add default via $pods.1
END
}

plug() { # NIC SIDE BRIDGE
    echo "link add $2$number up master $3 type veth peer name $1 address $(mac "$2") netns $name"
}

# Pods leave by the droplet's address, whichever the route makes it. The kernel of a droplet whose
# anchor has a NIC of its own is strict about where packets come from, as DOKS sets it.
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

# A network plugin's tables, and no other.
filters() {
    cat <<END
flush ruleset
table ip cni {
    chain pods {
        type nat hook postrouting priority srcnat
        ip saddr $pods.0/24 oifname != lxc0 masquerade
    }
}
END
}

# The network as it is configured, in lines for ip(8).
configuration() {
    echo "link set group default up"
    echo "address add $pods.1/24 dev lxc0"
    echo "address add $vpc/16 dev $vpc_nic"
    [ "$topology" = no-public ] || echo "address add $public/20 dev $public_nic"
    case $topology in
    no-anchor | anchor-unconfigured | no-public) ;;
    two-anchors)
        echo "address add $anchor/16 dev $public_nic"
        echo "address add $anchor/16 dev $anchor_nic"
        ;;
    *) echo "address add $anchor/16 dev $anchor_nic" ;;
    esac
    routes
}

routes() {
    local outside="default via 203.0.113.1 dev $public_nic"
    local inside="default via 10.132.0.1 dev $vpc_nic"
    case $topology in
    dhcp-metric) echo "route add $outside proto dhcp src $public metric 100" ;;
    two-defaults)
        echo "route add $outside proto static"
        echo "route add $inside proto static metric 200"
        ;;
    two-defaults-vpc)
        echo "route add $inside proto static metric 50"
        echo "route add $outside proto static metric 100"
        ;;
    routing-agent)
        echo "route add $outside proto static"
        echo "route add $outside table 135"
        echo "rule add pref 15135 from $public lookup 135"
        ;;
    no-public) echo "route add $inside proto static" ;;
    *) echo "route add $outside proto static" ;;
    esac
}

# What takes away all that the kernel did not make itself.
rules_away() {
    ip -n "$name" -4 -details rule show |
        sed -E '/proto kernel/d; s/^([0-9]+):.*/rule delete pref \1/'
}

routes_away() {
    ip -n "$name" -4 -oneline route show table all | sed -E '/ table local | proto kernel/d
        s/ (proto [^ ]+|onlink|linkdown|dead)//g; s/\\//g; s/^/route delete /'
}

boot() { # NAME
    facts_of "$1"
    local away
    away=$(rules_away)
    ip -n "$name" -4 -batch - <<END
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
    printf 'netns delete %s\n' "$name" "$name-pod" | ip -batch -
    rm "$run/$name.facts" "$run/$name.json"
}

# systemd-networkd as it comes (ManageForeignRoutes=, ManageForeignRoutingPolicyRules=): whatever it
# did not configure is gone when it starts, whoever's it was. The routing agent puts back its own.
flush() { # NAME
    facts_of "$1"
    local away
    away=$(rules_away && routes_away)
    ip -n "$name" -4 -batch - <<END
$away
$(routes)
END
}

cut() { change_cut add "$@"; }
mend() { change_cut delete "$@"; }

change_cut() { # add|delete NAME SERVER
    facts_of "$2"
    local server
    case $3 in
    internet) server=192.0.2.1 ;;
    digitalocean) server=192.0.2.2 ;;
    kubernetes) server=192.0.2.3 ;;
    metadata) server=169.254.169.254 ;;
    *) fail "there is no server $3: kubernetes, digitalocean, metadata or internet" ;;
    esac
    nsenter --net=/run/netns/fabric nft "$1" element ip fabric cut \
        "{ $public . $server, $anchor . $server, $vpc . $server }"
}

snapshot() { # NAME
    facts_of "$1"
    ip -n "$name" -4 -details address show | sed '/valid_lft/d'
    ip -n "$name" -4 -details rule show
    ip -n "$name" -4 -details route show table all | sort
    nsenter --net="/run/netns/$name" nft --stateless list ruleset
}

register() {
    local outside=null hidden=null inside put
    if [ "$topology" != no-public ]; then
        outside=$(interface "$public" 255.255.240.0 203.0.113.1 "$(mac p)")
        [ "$topology" = no-anchor ] || hidden=$(interface "$anchor" 255.255.0.0 10.17.0.1 '')
    fi
    inside=$(interface "$vpc" 255.255.0.0 10.132.0.1 "$(mac v)")
    put=(--silent --show-error --fail-with-body --max-time 120 --request PUT)
    curl "${put[@]}" "$control/droplets/$id" --data "{\"name\": \"$name\", \"region\": \"$region\",
            \"public\": $outside, \"anchor\": $hidden, \"private\": $inside}" \
        --next "${put[@]}" "$control/nodes/$name" \
        --data "{\"providerID\": \"digitalocean://$id\"}" >/dev/null ||
        fail "the servers do not take droplet $name"
}

interface() { # ADDRESS NETMASK GATEWAY MAC
    printf '{"ip": "%s", "netmask": "%s", "gateway": "%s", "mac": "%s"}' "$@"
}
