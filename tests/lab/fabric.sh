#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# DigitalOcean's side: the gateways and their translation, the internet behind them, the servers.
: "${here:?}" "${run:?}" "${control:?}"

up() { # [--sim BINARY]
    local sim=${DO_SIM:-$here/../../build/tests/sim/do-sim}
    [ "${1:-}" != --sim ] || sim=$2
    [ ! -e /run/netns/fabric ] || fail "it is up"
    make_links
    make_gateways
    make_certificates
    start_sim "$sim"
    echo dop_v1_lab >"$run/token"
    echo kube-lab >"$run/kube-token"
    sim PUT /tokens/dop_v1_lab \
        '{"scopes": ["reserved_ip:read", "reserved_ip:update", "droplet:read"]}'
    sim PUT /kube-tokens/kube-lab '{}'
}

# A packet must tell which gateway it was sent to, so each has a device of its own. br0 is that of
# the public side; anchor0, behind a port of br0, that of the anchors which share a NIC with it; br1
# that of the anchors with a NIC of their own; br2 the VPC's. A bridge without an address of its own
# would take another with each port, and its neighbours would lose it.
make_links() {
    ip -batch - <<'END'
netns add internet
netns add fabric
END
    ip -n fabric -batch - <<'END'
link add br0 address 04:01:2a:ff:00:00 up type bridge
link add br1 address 04:01:2a:ff:00:01 up type bridge
link add br2 address 04:01:2a:ff:00:02 up type bridge
link add anchor0 up type veth peer name anchor0-port
link set anchor0-port up master br0
link add wan0 up type veth peer name eth0 netns internet
link set lo up
address add 203.0.113.1/20 dev br0
address add 10.17.0.1/32 dev anchor0
address add 10.17.0.1/32 dev br1
address add 10.132.0.1/16 dev br2
address add 192.0.2.254/24 dev wan0
address add 169.254.169.254/32 dev lo
END
    ip -n internet -batch - <<'END'
link set lo up
link set eth0 up
address add 192.0.2.1/24 dev eth0
address add 192.0.2.2/24 dev eth0
address add 192.0.2.3/24 dev eth0
route add default via 192.0.2.254
END
}

make_gateways() {
    # shellcheck disable=SC2016 # expanded in there
    nsenter --net=/run/netns/fabric sh -c '
        cd /proc/sys/net/ipv4
        echo 1 >ip_forward
        for device in conf/*; do
            echo 0 >$device/rp_filter
            echo 1 >$device/arp_ignore
        done
        exec nft -f "$0"' "$here/fabric.nft"
}

make_certificates() {
    local names=IP:192.0.2.1,IP:192.0.2.2,IP:192.0.2.3,IP:127.0.0.1,DNS:localhost
    names+=,DNS:api.digitalocean.com,DNS:kubernetes.default.svc
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
    local internet=/run/netns/internet fabric=/run/netns/fabric
    mkfifo "$run/ready"
    flock --no-fork "$run/sim.lock" "$1" \
        --certificate "$run/server.pem" --key "$run/server.key" --fabric $fabric \
        --listen whatismyip=http://192.0.2.1:80@$internet \
        --listen whatismyip=https://192.0.2.1:443@$internet \
        --listen digitalocean=https://192.0.2.2:443@$internet \
        --listen kubernetes=https://192.0.2.3:6443@$internet \
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
