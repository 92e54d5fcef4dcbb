#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the nodes run, as archives for `ctr images import`. There is no registry.
: "${here:?}" "${run:?}"

make_images() {
    mkdir -p "$run/images"
    make_program
    make_curl
    make_pause
}

# As scripts/build-image makes it, with the program that was built for the tests, or that of the folder
# NODE_IMAGE. The lab's certificate authority replaces Debian's.
make_program() {
    local root=$run/root version
    version=$(sed -n 's/^appVersion: *"\?\([0-9.]*\)"\?$/\1/p' "$here/../../deploy/helm/do-egress-ip/Chart.yaml")
    if [ -n "${NODE_IMAGE:-}" ]; then
        cp -a "$NODE_IMAGE" "$root"
    else
        "$here/../../deploy/image/collect" "${DO_EGRESS_IP:-$here/../../build/do-egress-ip}" "$root"
    fi
    cp /run/lab/ca.pem "$root/etc/ssl/certs/ca-certificates.crt"
    pack "docker.io/library/do-egress-ip:$version" /usr/local/bin/do-egress-ip
}

# What the examples call by this name, and a shell.
make_curl() {
    local root=$run/root library
    mkdir -p "$root"/{bin,etc/ssl/certs,tmp,usr/bin,var/www}
    cp "$(command -v busybox)" "$root/bin/busybox"
    cp "$(command -v curl)" "$root/usr/bin/curl"
    for library in $(ldd "$(command -v curl)" | grep -o '/[^ ]*'); do
        mkdir -p "$root${library%/*}"
        cp "$(readlink -f "$library")" "$root$library"
    done
    for library in sh sleep cat nc httpd wget ip; do ln -s busybox "$root/bin/$library"; done
    cp /run/lab/ca.pem "$root/etc/ssl/certs/ca-certificates.crt"
    echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
    pack docker.io/curlimages/curl:8.11.1 /usr/bin/curl
}

make_pause() {
    mkdir -p "$run/root/bin"
    cp "$(command -v busybox)" "$run/root/bin/busybox"
    pack docker.io/library/pause:1 /bin/busybox '"sleep", "infinity"'
}

pack() { # NAME PROGRAM [ARGUMENTS]: $run/root, which is used up
    local work=$run/archive
    mkdir -p "$work"
    tar --create --directory "$run/root" --numeric-owner --owner=0 --group=0 --file "$work/layer.tar" .
    cat >"$work/config.json" <<END_OF_CONFIG
{"architecture": "$(dpkg --print-architecture)", "os": "linux",
 "config": {"Entrypoint": ["$2"${3:+, $3}], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$(sha256sum "$work/layer.tar" | cut -d' ' -f1)"]}}
END_OF_CONFIG
    echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"$1\"], \"Layers\": [\"layer.tar\"]}]" \
        >"$work/manifest.json"
    tar --create --directory "$work" --file "$run/images/$(basename "${1%:*}").tar" \
        manifest.json config.json layer.tar
    rm -rf "$work" "$run/root"
}
