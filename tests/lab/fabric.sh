#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# DigitalOcean's side: the gateways and their translation, the internet behind them, the servers.
: "${here:?}" "${run:?}" "${control:?}" "${resolver:?}"

# Where everything is: documentation addresses. Some network plugins take those for private ones, so
# there are others, which are as good in a world that no packet leaves.
public_range=203.0 internet=192.0.2 vpc_api=10.132.255.3
public_looking() { echo "public_range=164.92 internet=45.55.2"; }
read_ranges() {
    # shellcheck disable=SC1091 # written by up()
    [ ! -e "$run/ranges" ] || . "$run/ranges"
}
read_ranges

up() { # [--sim BINARY] [--public-looking]
    local sim=${DO_SIM:-$here/../../build/tests/sim/do-sim}
    [ ! -e /run/netns/fabric ] || fail "it is up"
    while [ $# != 0 ]; do
        case $1 in
        --sim) sim=$2 && shift ;;
        --public-looking)
            public_looking >"$run/ranges"
            read_ranges
            ;;
        *) fail "up takes --sim BINARY and --public-looking, not $1" ;;
        esac
        shift
    done
    make_links
    make_gateways
    make_certificates
    start_sim "$sim"
    echo "nameserver $internet.53" >"$resolver"
    echo dop_v1_lab >"$run/token"
    echo kube-lab >"$run/kube-token"
    sim PUT /tokens/dop_v1_lab \
        '{"scopes": ["reserved_ip:read", "reserved_ip:update", "droplet:read"]}'
    sim PUT /kube-tokens/kube-lab '{}'
}

# A packet must tell which gateway it was sent to, so each has its own device. br0 is that of
# the public side; anchor0, behind a port of br0, that of the anchors which share a NIC with it; br1
# that of the anchors with their own NIC; br2 the VPC's; br3 the far end of VPN tunnels. A bridge without its own address
# would take another with each port, and its neighbours would lose it.
make_links() {
    ip -batch - <<'END'
netns add internet
netns add fabric
END
    ip -n fabric -batch - <<END
link add br0 address 04:01:2a:ff:00:00 up type bridge
link add br1 address 04:01:2a:ff:00:01 up type bridge
link add br2 address 04:01:2a:ff:00:02 up type bridge
link add br3 address 04:01:2a:ff:00:03 up type bridge
link add anchor0 up type veth peer name anchor0-port
link set anchor0-port up master br0
link add wan0 up type veth peer name eth0 netns internet
link set lo up
address add $public_range.113.1/20 dev br0
address add $public_range.113.2/20 dev br0
address add 10.17.0.1/32 dev anchor0
address add 10.17.0.1/32 dev br1
address add 10.47.0.1/32 dev anchor0
address add 10.47.0.1/32 dev br1
address add 10.132.0.1/16 dev br2
address add $vpc_api/16 dev br2
address add 100.64.0.1/16 dev br3
address add 10.99.0.1/16 dev br3
address add $internet.254/24 dev wan0
address add 169.254.169.254/32 dev lo
END
    ip -n internet -batch - <<END
link set lo up
link set eth0 up
address add $internet.1/24 dev eth0
address add $internet.2/24 dev eth0
address add $internet.3/24 dev eth0
address add $internet.53/24 dev eth0
route add default via $internet.254
END
}

# What passes from droplet to droplet meets no gateway, also where the kernel could show it to them
# (br_netfilter).
make_gateways() {
    # shellcheck disable=SC2016 # expanded in there
    nsenter --net=/run/netns/fabric sh -c '
        cd /proc/sys/net/ipv4
        echo 1 >ip_forward
        for device in conf/*; do
            echo 0 >$device/rp_filter
            echo 1 >$device/arp_ignore
        done
        echo 1 >conf/br3/proxy_arp
        bridged=/proc/sys/net/bridge/bridge-nf-call-iptables
        [ ! -e $bridged ] || echo 0 >$bridged
        exec nft -f "$0"' "$here/fabric.nft"
}

make_certificates() {
    local names=IP:$internet.1,IP:$internet.2,IP:$internet.3,IP:$vpc_api,IP:127.0.0.1
    names+=,DNS:localhost,DNS:api.digitalocean.com,DNS:kubernetes.default.svc,DNS:whatismyip.lab
    names+=,DNS:checkip.amazonaws.com # what the examples ask
    local request=(openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    {
        "${request[@]}" -x509 -days 2 -subj /CN=lab -keyout "$run/ca.key" -out "$run/ca.pem"
        "${request[@]}" -subj /CN=server -keyout "$run/server.key" -out "$run/server.csr"
        openssl x509 -req -in "$run/server.csr" -CA "$run/ca.pem" -CAkey "$run/ca.key" -days 2 \
            -extfile <(echo "subjectAltName=$names") -out "$run/server.pem"
    } 2>"$run/openssl.log" || fail "no certificates: $(cat "$run/openssl.log")"
}

# The lock is the servers' as long as they live: down() waits for it.
start_sim() { # BINARY
    local outside=/run/netns/internet fabric=/run/netns/fabric
    mkfifo "$run/ready"
    flock --no-fork "$run/sim.lock" "$1" \
        --certificate "$run/server.pem" --key "$run/server.key" --fabric $fabric \
        --listen "whatismyip=http://$internet.1:80@$outside" \
        --listen "whatismyip=https://$internet.1:443@$outside" \
        --listen "digitalocean=https://$internet.2:443@$outside" \
        --listen "kubernetes=https://$internet.3:6443@$outside" \
        --listen "kubernetes=https://$vpc_api:6443@$fabric" \
        --listen "dns=udp://$internet.53:53@$outside" --name "api.digitalocean.com=$internet.2" \
        --name "kubernetes.default.svc=$internet.3" --name "whatismyip.lab=$internet.1" \
        --name "checkip.amazonaws.com=$internet.1" \
        --listen metadata=http://169.254.169.254:80@$fabric \
        --listen "control=$control" >"$run/ready" 2>"$run/sim.log" </dev/null &
    echo $! >"$run/sim.pid"
    read -r <"$run/ready" || fail "the servers do not start: $(cat "$run/sim.log")"
}

down() {
    if [ -e "$run/sim.pid" ]; then
        kill "$(cat "$run/sim.pid")" 2>/dev/null || true
        flock "$run/sim.lock" true
    fi
    (cd /run/netns && printf 'netns delete %s\n' *) | ip -batch -
    rm "$run"/*
}
