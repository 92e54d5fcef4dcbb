#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pods behind Cilium: its devices and routes, small programs of our own where it has its own
# (cilium.bpf.c), its rules of iptables, its ConfigMap.
: "${here:?}" "${run:?}" "${name=}" "${pods=}" "${public=}" "${public_nic=}" "${anchor=}" "${anchor_nic=}"
: "${vpc=}" "${vpc_nic=}" "${public_range:?}"

has_cilium() { has cilium || has_bpf || has endpoint-routes || has masquerade-public; }
# Masquerade in BPF; host routing in BPF as well, unless it is legacy.
has_bpf() { has bpf-host-routing || has bpf-legacy || has bpf-pinned || has bpf-source || has bpf-old; }
has_bypass() { has_bpf && ! has bpf-legacy; }

# No ARP between devices that all have one MAC.
make_cilium() {
    local mac=0a:00:00:00:00:01
    ip -n "$name" -batch - <<END
link add cilium_host address $mac type veth peer name cilium_net address $mac
link set cilium_host arp off
link set cilium_net arp off
link set lxc0 address $mac arp off
END
    ip -n "$name-pod" -batch - <<END
link set eth0 address $mac arp off
route replace default via $pods.1 dev eth0
END
    nsenter --net="/run/netns/$name-pod" sysctl -qw net.ipv4.ip_local_port_range='20000 29999'
    attach lxc0 ingress from_pod
    attach cilium_host egress to_pod
    ! has_bpf || attach_nics
}

# Those that Cilium manages: all, or the public one and the VPC's where they are pinned.
attach_nics() {
    local nic
    for nic in $(printf '%s\n' "$public_nic" "$anchor_nic" "$vpc_nic" | sort -u); do
        if ! has bpf-pinned || [ "$nic" != "$anchor_nic" ] || [ "$nic" = "$public_nic" ]; then
            attach "$nic" egress to_world
            attach "$nic" ingress from_world
        fi
    done
}

# As Cilium chooses: a public address before private ones, and of those the lowest. Documentation
# counts as private.
masquerade_address() { # NIC
    local nic=$1
    ! has bpf-source || nic=$public_nic
    if [ "$nic" = "$vpc_nic" ]; then
        echo "$vpc"
    elif [ "$nic" = "$anchor_nic" ] && { [ "$nic" != "$public_nic" ] || [ "$public_range" = 203.0 ]; }; then
        echo "$anchor"
    else
        echo "$public"
    fi
}

attach() { # DEVICE ingress|egress PROGRAM
    local object=$run/$name.$1.$2.o flags
    flags=(-DPOD="$(number_of "$pods.2")" -DPOD_NETWORK="$(number_of "$pods.0")" -DPOD_MASK=0xffffff00
        -DLXC="$(index_of lxc0)" -DSOURCE="$(number_of "$(masquerade_address "$1")")")
    ! has_bypass || flags+=(-DBYPASS=1)
    ! has bpf-old || flags+=(-DOLD=1)
    "$(compiler)" -O2 -g0 -target bpf -I"/usr/include/$(uname -m)-linux-gnu" "${flags[@]}" \
        -c "$here/cilium.bpf.c" -o "$object"
    tc -n "$name" qdisc replace dev "$1" clsact
    tc -n "$name" filter add dev "$1" "$2" bpf direct-action object-file "$object" section "tc/$3"
}

compiler() { command -v clang || "$here/../../scripts/setup" --find clang; }

index_of() { # DEVICE
    nsenter --net="/run/netns/$name" cat "/sys/class/net/$1/ifindex" 2>/dev/null ||
        ip -n "$name" -oneline link show "$1" | sed 's/:.*//'
}

number_of() { # ADDRESS
    local a b c d
    IFS=. read -r a b c d <<<"$1"
    echo "$(((a << 24) + (b << 16) + (c << 8) + d))u"
}

# All are the kernel's own to `flush`, as Cilium makes them.
cilium_configuration() {
    echo "address add $pods.1/32 dev cilium_host"
    echo "route add $pods.0/24 dev cilium_host proto kernel scope link src $pods.1"
    ! has endpoint-routes || echo "route add $pods.2/32 dev lxc0 proto kernel scope link"
}

# iptables on top of nf_tables writes it so.
cilium_filters() {
    local only=''
    ! has masquerade-public || only="oifname $public_nic"
    if ! has_bpf; then
        cat <<END
table ip nat {
    chain CILIUM_POST_nat {
        $only ip saddr $pods.0/24 ip daddr != 10.244.0.0/16 oifname != "cilium_*" masquerade
    }
    chain POSTROUTING {
        type nat hook postrouting priority srcnat
        jump CILIUM_POST_nat
    }
}
END
    fi
    ! has notrack || cat <<END
table ip raw {
    chain CILIUM_PRE_raw {
        ip saddr $pods.0/24 notrack
        ip daddr $pods.0/24 notrack
    }
    chain PREROUTING {
        type filter hook prerouting priority raw
        jump CILIUM_PRE_raw
    }
}
END
}

# What its ConfigMap says, and which version it is; the last droplet's hold for the cluster. The
# anchor gateway lets the public address through, which pods may keep.
register_cilium() {
    local version=v1.18.3
    ! has bpf-old || version=v1.16.4
    sim PUT /configmaps/kube-system/cilium-config "{\"data\": {
        \"enable-ipv4-masquerade\": \"true\", \"kube-proxy-replacement\": \"true\",
        \"enable-bpf-masquerade\": \"$(says has_bpf)\",
        \"enable-host-legacy-routing\": \"$(says has bpf-legacy)\",
        \"enable-endpoint-routes\": \"$(says has endpoint-routes)\",
        \"install-no-conntrack-iptables-rules\": \"$(says has notrack)\",
        \"egress-masquerade-interfaces\": \"$(! has masquerade-public || echo "$public_nic")\",
        \"derive-masq-ip-addr-from-device\": \"$(! has bpf-source || echo "$public_nic")\",
        \"devices\": \"$(! has bpf-pinned || echo "$public_nic $vpc_nic")\"}}"
    sim PUT /daemonsets/kube-system/cilium "{\"container\": \"cilium-agent\",
        \"image\": \"quay.io/cilium/cilium:$version\"}"
    nsenter --net=/run/netns/fabric nft add element ip fabric passed "{ $public }"
}

says() { "$@" && echo true || echo false; } # CONDITION…

# What the program's cures are made of, by hand: to see what each does, needed or not.
cure() { # NAME snat|stack|none
    facts_of "$1"
    nsenter --net="/run/netns/$name" nft -f - <<END
table ip by-hand
delete table ip by-hand
END
    local lead=("from $pods.0/24 iif cilium_host lookup main" "lookup main suppress_prefixlength 0"
        "from $pods.0/24 fwmark 0/0xf00 lookup 99") number
    for number in 0 1 2; do
        ip -n "$name" rule delete pref $((31001 + number)) 2>/dev/null || true
    done
    ip -n "$name" route flush table 99 2>/dev/null || true
    [ "$2" != none ] || return 0
    nsenter --net="/run/netns/$name" nft -f - <<END
table ip by-hand {
    chain pods {
        type nat hook postrouting priority 90
        ip saddr $pods.0/24 oifname $anchor_nic ip daddr != { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } snat to $anchor
    }
}
END
    [ "$2" = stack ] || return 0
    ip -n "$name" route add local default dev lo table 99
    for number in 0 1 2; do
        # shellcheck disable=SC2086 # a list
        ip -n "$name" rule add pref $((31001 + number)) ${lead[number]}
    done
}
