#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What each topology is made of: devices, addresses, routes and rules. They combine: a droplet of
# `anchor-nic+vpc-routes` is both.
: "${run:?}" "${public_range:?}" "${name=}" "${number=}" "${topology=}" "${kubernetes=}" "${pods=}" "${vpc=}" "${vpc_nic=}"
: "${public=}" "${public_nic=}" "${public_gateway=}" "${anchor=}" "${anchor_nic=}" "${anchor_gateway=}"

topologies=(classic anchor-nic no-anchor anchor-unconfigured two-anchors no-public other-anchor
    dhcp-metric two-defaults two-defaults-vpc routing-agent ecmp nexthop-object onlink-mtu vpc-routes
    noprefixroute link-default twice vpc-api vpn vpn-exit vpn-wg
    marks-calico marks-cilium docker kube-proxy snat-public
    cilium bpf-host-routing bpf-legacy bpf-pinned bpf-source bpf-old endpoint-routes notrack
    masquerade-public)

check_topology() {
    local part
    for part in ${topology//+/ }; do
        [[ " ${topologies[*]} " == *" $part "* ]] || fail "there is no topology $part"
    done
}

has() { [[ "+$topology+" == *"+$1+"* ]]; } # TOPOLOGY

make_devices() {
    ! has twice || make_address_only kube-ipvs0
    ! has vpn || make_tunnel tailscale0
    ! has vpn-exit || make_tunnel tailscale0
    ! has vpn-wg || make_tunnel wg0
    ! has docker || make_docker
    ! has_cilium || make_cilium
}

# Of the kinds that hold addresses and carry nothing, the first that this kernel has; it stays down.
make_address_only() { # DEVICE
    local kind
    for kind in dummy ifb bridge; do
        ip -n "$name" link add "$1" type $kind 2>/dev/null || continue
        ip -n "$name" link set "$1" group 7 # which no boot starts
        return
    done
    fail "the kernel makes no $1"
}

# To a peer that passes on what it gets, under its own address.
make_tunnel() { # DEVICE
    plug "$1" t br3 | nsenter --net=/run/netns/fabric ip -batch -
}

# A bridge with one container.
make_docker() {
    ip -batch - <<END
netns add $name-docker
END
    ip -n "$name" -batch - <<END
link add docker0 type bridge
link add veth0 type veth peer name eth0 netns $name-docker
link set veth0 master docker0
END
    ip -n "$name-docker" -batch - <<END
link set lo up
link set eth0 up
address add 172.17.0.2/16 dev eth0
route add default via 172.17.0.1
END
}

# The network as it is configured, in lines for ip(8).
configuration() {
    echo "link set group default up"
    if has_cilium; then cilium_configuration; else echo "address add $pods.1/24 dev lxc0"; fi
    address "$vpc/16" "$vpc_nic" 10.132.0.0/16
    has no-public || address "$public/20" "$public_nic" "$public_range.112.0/20"
    has no-anchor || has anchor-unconfigured || has no-public ||
        address "$anchor/16" "$anchor_nic" "${anchor_gateway%.*}.0/16"
    ! has two-anchors || echo "address add $anchor/16 dev $public_nic"
    ! has docker || echo "address add 172.17.0.1/16 dev docker0"
    ! has twice || second_addresses
    tunnels
    routes
}

# NetworkManager makes the route to the network itself, with a metric.
address() { # ADDRESS/LENGTH NIC NETWORK
    if has noprefixroute; then
        echo "address add $1 dev $2 noprefixroute"
        echo "route add $3 dev $2 proto kernel scope link src ${1%/*} metric 100"
    else
        echo "address add $1 dev $2"
    fi
}

# What Services with externalIPs, keepalived and people do.
second_addresses() {
    local device
    echo "address add $public/32 dev $public_nic"
    echo "address add $anchor/32 dev $anchor_nic"
    for device in kube-ipvs0 lo; do
        echo "address add $public/32 dev $device"
        echo "address add $anchor/32 dev $device"
    done
}

tunnels() {
    ! { has vpn || has vpn-exit; } || echo "address add $(in_vpn 100.64)/32 dev tailscale0"
    ! has vpn-wg || echo "address add $(in_vpn 10.99)/32 dev wg0"
}

in_vpn() { echo "$1.$((number / 200)).$((number % 200 + 9))"; } # RANGE

# All that `flush` brings back as well.
routes() {
    local inside="default via 10.132.0.1 dev $vpc_nic proto static"
    has no-public || has two-defaults-vpc || public_default
    ! has no-public || echo "route add $inside"
    ! has two-defaults || echo "route add $inside metric 200"
    if has two-defaults-vpc; then
        echo "route add $inside metric 50"
        echo "route add default via $public_gateway dev $public_nic proto static metric 100"
    fi
    ! has link-default ||
        echo "route add default dev $public_nic proto static scope link metric 2048"
    ! has vpc-routes || vpc_routes
    ! has routing-agent || routing_agent
    vpn_routes
}

# A default of one next hop or two, in the route or as objects of their own.
public_default() {
    local first="via $public_gateway dev $public_nic" onlink='' more='proto static'
    local second="via ${public_gateway%.1}.2 dev $public_nic"
    ! has onlink-mtu || more='proto boot'
    ! has dhcp-metric || more="proto dhcp src $public metric 100"
    ! has onlink-mtu || onlink=' onlink' more+=' mtu 1400'
    if has nexthop-object; then
        echo "nexthop add id 4711 $first$onlink"
        ! has ecmp || echo "nexthop add id 4712 $second$onlink"
        ! has ecmp || echo "nexthop add id 4713 group 4711/4712,3"
        echo "route add default nhid $(has ecmp && echo 4713 || echo 4711) $more"
    elif has ecmp; then
        echo "route add default $more nexthop $first$onlink nexthop $second$onlink weight 3"
    else
        echo "route add default $first$onlink $more"
    fi
}

vpc_routes() {
    local network
    for network in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do
        echo "route add $network via 10.132.0.1 dev $vpc_nic proto dhcp src $vpc metric 101"
    done
}

# DOKS's, which keeps the node's own traffic on the public address, and the API server reachable.
routing_agent() {
    local outside="via $public_gateway dev $public_nic"
    echo "route add default $outside table 135"
    echo "rule add pref 15135 from $public lookup 135"
    echo "route add $kubernetes/32 $outside src $public"
}

# Tailscale: with peers only, or with an exit node, which takes everything. wg-quick with
# AllowedIPs 0.0.0.0/0 takes everything but what has its own route.
vpn_routes() {
    if has vpn || has vpn-exit; then
        echo "rule add pref 5210 fwmark 0x80000/0xff0000 lookup main"
        echo "rule add pref 5230 fwmark 0x80000/0xff0000 lookup default"
        echo "rule add pref 5250 fwmark 0x80000/0xff0000 type unreachable"
        echo "rule add pref 5270 lookup 52"
        echo "route add 100.64.0.1 dev tailscale0 table 52"
        echo "route add 100.100.100.100 dev tailscale0 table 52"
    fi
    ! has vpn-exit || echo "route add default dev tailscale0 table 52"
    if has vpn-wg; then
        echo "route add default dev wg0 table 51820"
        echo "rule add pref 32764 lookup main suppress_prefixlength 0"
        echo "rule add pref 32765 not fwmark 51820 lookup 51820"
    fi
}
