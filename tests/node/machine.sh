#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A node: containerd, kubelet and kube-proxy in a droplet's network, with mounts and control groups
# of their own.
: "${here:?}" "${run:?}" "${kube:?}" "${lab:?}"

# What is true of the node in question.
node='' home='' group='' number='' id='' public=''

facts_of() { # NODE
    [ -e "/run/lab/$1.facts" ] || fail "there is no droplet $1"
    # shellcheck disable=SC1090 # written by tests/lab/lab
    . "/run/lab/$1.facts"
    node=$1 home=$run/$1 group=${LAB_CGROUP##*/}/$1
}

# The hierarchies of version 1, or the one of version 2.
hierarchies() {
    if [ "$(stat --file-system --format=%T /sys/fs/cgroup)" = cgroup2fs ]; then
        echo /sys/fs/cgroup
    else
        awk '$3 == "cgroup" { print $2 }' /proc/mounts
    fi
}

make_groups() {
    local root
    for root in $(hierarchies); do
        mkdir -p "$root/$group/programs"
        if [ -e "$root/cgroup.controllers" ]; then
            delegate "$root"
        elif [ -e "$root/$group/cpuset.cpus" ]; then
            fill_cpuset "$root"
        fi
    done
}

# A new group of this kind has neither, and takes no process.
fill_cpuset() { # ROOT
    local path=$1 part file
    for part in ${group//\// } programs; do
        path+=/$part
        for file in cpuset.cpus cpuset.mems; do cat "$1/$file" >"$path/$file"; done
    done
}

delegate() { # ROOT: of version 2
    local path=$1 part
    for part in '' ${group//\// }; do
        path+=${part:+/$part}
        echo '+cpuset +cpu +memory +pids' >"$path/cgroup.subtree_control"
    done
}

join_group() {
    local root
    for root in $(hierarchies); do
        echo $BASHPID >"$root/$group/programs/cgroup.procs"
    done
}

# Folders of the node's own, which go with the world: /run is a tmpfs.
declare -A places=([containerd]=/var/lib/containerd [state]=/run/containerd [kubelet]=/var/lib/kubelet
    [cni]=/var/lib/cni [pods]=/var/log/pods [containers]=/var/log/containers [net.d]=/etc/cni/net.d
    [netns]=/run/netns [metrics]=/var/lib/node_exporter)

# The kubelet would set these for the whole machine, and takes what is there already as good.
declare -A machine_wide=([vm/overcommit_memory]=1 [vm/panic_on_oom]=0 [kernel/panic]=10
    [kernel/panic_on_oops]=1 [kernel/keys/root_maxkeys]=1000000 [kernel/keys/root_maxbytes]=25000000)

# Its mounts live as long as this process.
start_holder() {
    local place
    mkdir -p "${places[@]}"
    for place in "${!places[@]}"; do mkdir -p "$home/$place"; done
    rm -f "$home/mounted"
    nsenter --net="/run/netns/$node" unshare --mount "$here/cluster" hold "$node" \
        >"$home/holder.log" 2>&1 </dev/null &
    echo $! >"$home/holder.pid"
    until [ -e "$home/mounted" ]; do
        is_alive holder || fail "$node has no mounts: $(cat "$home/holder.log")"
        sleep 0.05
    done
}

hold() { # NODE, inside
    local place key
    facts_of "$1"
    mount --make-rshared /
    for place in "${!places[@]}"; do mount --bind "$home/$place" "${places[$place]}"; done
    for key in "${!machine_wide[@]}"; do
        [ -e "/proc/sys/$key" ] || continue
        echo "${machine_wide[$key]}" >"$home/${key//\//.}"
        mount --bind "$home/${key//\//.}" "/proc/sys/$key"
    done
    join_group
    touch "$home/mounted"
    exec sleep infinity
}

enter() { # NODE COMMAND…
    facts_of "$1"
    shift
    exec nsenter --target "$(cat "$home/holder.pid")" --mount --net "$@"
}

launch() { # NAME COMMAND…: in the node, and its groups
    local name=$1
    shift
    (
        join_group
        enter "$node" setsid "$@"
    ) >>"$home/$name.log" 2>&1 </dev/null &
    echo $! >"$home/$name.pid"
}

is_alive() { # NAME
    kill -0 "$(cat "$home/$1.pid")" 2>/dev/null
}

start_containerd() {
    write_containerd >"$home/containerd.toml"
    launch containerd containerd --config "$home/containerd.toml"
    until (enter "$node" ctr version) >/dev/null 2>&1; do
        is_alive containerd || fail "containerd does not start: $(tail -n 5 "$home/containerd.log")"
        sleep 0.1
    done
}

start_kubelet() {
    write_kubelet >"$home/kubelet.json"
    launch kubelet kubelet --config "$home/kubelet.json" --kubeconfig "$kube/$node.kubeconfig" \
        --hostname-override "$node" --node-ip "$public" --root-dir /var/lib/kubelet \
        --cert-dir /var/lib/kubelet/pki --node-labels "$(cat "$home/labels")" --v 1
    until (enter "$node" curl --silent --fail http://127.0.0.1:10248/healthz) >/dev/null 2>&1; do
        is_alive kubelet || fail "the kubelet does not start: $(tail -n 5 "$home/kubelet.log")"
        sleep 0.1
    done
}

start_proxy() {
    launch proxy kube-proxy --kubeconfig "$kube/proxy.kubeconfig" --hostname-override "$node" \
        --proxy-mode iptables --cluster-cidr 10.245.0.0/16 --bind-address "$public" \
        --conntrack-max-per-core 0 --conntrack-min 0 --conntrack-tcp-timeout-established 0s \
        --conntrack-tcp-timeout-close-wait 0s --healthz-bind-address 127.0.0.1:10256 --v 1
}

write_containerd() {
    cat <<CONFIG
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
CONFIG
}

write_kubelet() {
    cat <<CONFIG
{"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
 "authentication": {"anonymous": {"enabled": false}, "webhook": {"enabled": false},
                    "x509": {"clientCAFile": "$run/apiserver.pem"}},
 "authorization": {"mode": "AlwaysAllow"},
 "cgroupDriver": "cgroupfs", "cgroupRoot": "/$group", "failCgroupV1": false, "failSwapOn": false,
 "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
 "providerID": "digitalocean://$id", "registerWithTaints": $(cat "$home/taints"),
 "resolvConf": "/etc/resolv.conf", "localStorageCapacityIsolation": false, "oomScoreAdj": 0,
 "evictionHard": {"memory.available": "1Mi"}, "imageGCHighThresholdPercent": 100,
 "volumePluginDir": "/var/lib/kubelet/plugins-exec", "nodeStatusUpdateFrequency": "5s"}
CONFIG
}

write_network() {
    cat <<CONFIG
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.245.$number.0/24"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
CONFIG
}

import_images() {
    local image
    for image in "$run"/images/*.tar; do
        (enter "$node" ctr --namespace k8s.io images import "$image") >>"$home/images.log" 2>&1 ||
            fail "$node takes no ${image##*/}: $(tail -n 3 "$home/images.log")"
    done
}

start() { # NODE
    facts_of "$1"
    make_groups
    start_holder
    write_network >"$home/net.d/10-pods.conflist"
    start_containerd
    import_images
    start_kubelet
    start_proxy
    route_pods
}

# Between the pods of all nodes, through the VPC. `lab flush` leaves what the kernel is said to have made.
route_pods() {
    local other
    for other in /run/lab/egress-?.json; do
        other=$(basename "$other" .json)
        [ "$other" != "$node" ] || continue
        route_to "$node" "$other"
        route_to "$other" "$node"
    done
}

route_to() { # FROM TO
    local from=/run/lab/$1.json to=/run/lab/$2.json
    ip -n "$1" route replace "10.245.$(jq .number "$to").0/24" via "$(jq --raw-output .private "$to")" \
        dev "$(jq --raw-output .private_nic "$from")" proto kernel
}

restart() { # NODE PROGRAM
    facts_of "$1"
    [ -e "$home/$2.pid" ] || fail "$1 has no $2: containerd, kubelet or proxy"
    kill -KILL "$(cat "$home/$2.pid")"
    while is_alive "$2"; do sleep 0.05; done
    "start_$2"
}

# All that runs there ends at once, pods too.
stop() { # NODE
    facts_of "$1"
    local pids root
    while pids=$(processes) && [ -n "$pids" ]; do
        # shellcheck disable=SC2086 # a list
        kill -KILL $pids 2>/dev/null || true
        sleep 0.05
    done
    # The kubelet takes the control groups of its pods for running containers.
    for root in $(hierarchies); do remove_pod_groups "$root/$group/kubepods"; done
}

# A group is busy for a moment after its last process.
remove_pod_groups() { # FOLDER
    local tries
    for ((tries = 0; tries < 200; ++tries)); do
        [ -d "$1" ] || return 0
        find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
    done
    fail "control groups stay: $1"
}

processes() {
    local root
    root=$(hierarchies | grep -E '/(pids|memory)$|^/sys/fs/cgroup$' | head -n 1)
    find "$root/$group" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u
}

# What a droplet forgets when it boots: processes, mounts, /run, the network; not its disk.
reboot() { # NODE
    stop "$1"
    rm -rf "$home/state" "$home/netns"
    "$lab" boot "$node"
    ip -n "$node" link delete cni0 2>/dev/null || true
    start "$node"
}
