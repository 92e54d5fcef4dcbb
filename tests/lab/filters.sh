#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tables that others have in a droplet's nf_tables, for nft(8): those of the network plugin, and
# those of each topology that brings one.
: "${run:?}" "${public=}" "${pods=}"

filters() {
    echo "flush ruleset"
    if has_cilium; then cilium_filters; else plugin; fi
    ! has marks-calico || marks or 0x40000
    ! has marks-cilium || marks or 0x2fca0f00
    ! has kube-proxy || kube_proxy
    ! has docker || docker
    ! has vpn || tailscale
    ! has vpn-exit || tailscale
}

# Pods leave by the droplet's address: the one that the route makes it, or always the public one.
plugin() {
    local translation=masquerade
    ! has snat-public || translation="snat to $public"
    cat <<END
table ip cni {
    chain pods {
        type nat hook postrouting priority srcnat
        ip saddr $pods.0/24 oifname != lxc0 $translation
    }
}
END
}

# Every packet of a pod is marked: Calico's accept bit; Cilium's identity, and that it is one.
marks() { # OPERATION BITS
    cat <<END
table ip marks {
    chain raw {
        type filter hook prerouting priority raw
        iifname lxc0 meta mark set meta mark $1 $2
    }
}
END
}

# NodePort 30007 of policy Cluster, which hides the client, and 30008 of policy Local, which does not;
# both lead to the pod's port 7.
kube_proxy() {
    cat <<END
table ip kube-proxy {
    chain services {
        type nat hook prerouting priority dstnat
        fib daddr type local meta l4proto { tcp, udp } th dport 30007 jump cluster
        fib daddr type local meta l4proto { tcp, udp } th dport 30008 jump pod
    }
    chain cluster {
        meta mark set meta mark or 0x4000
        jump pod
    }
    chain pod {
        meta l4proto tcp dnat to $pods.2:7
        meta l4proto udp dnat to $pods.2:7
    }
    chain hide {
        type nat hook postrouting priority srcnat - 1
        meta mark and 0x4000 == 0 return
        meta mark set meta mark xor 0x4000
        masquerade fully-random
    }
}
END
}

# One published port, 8007, which is port 7 of the container.
docker() {
    cat <<END
table ip docker {
    chain published {
        type nat hook prerouting priority dstnat
        iifname != docker0 fib daddr type local tcp dport 8007 dnat to 172.17.0.2:7
        iifname != docker0 fib daddr type local udp dport 8007 dnat to 172.17.0.2:7
    }
    chain containers {
        type nat hook postrouting priority srcnat
        ip saddr 172.17.0.0/16 oifname != docker0 masquerade
    }
}
END
}

tailscale() {
    cat <<END
table ip tailscale {
    chain forward {
        type filter hook forward priority filter
        iifname tailscale0 meta mark set meta mark and 0xff00ffff xor 0x40000
        oifname tailscale0 ip saddr 100.64.0.0/10 drop
    }
    chain postrouting {
        type nat hook postrouting priority srcnat
        meta mark and 0xff0000 == 0x40000 oifname tailscale0 masquerade
    }
}
END
}
