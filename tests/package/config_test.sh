#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The configuration that is shipped: what it offers exists, under that name and with such a value.
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shipped=$top/deploy/config/config.toml
file=$work/config.toml
# shellcheck disable=SC2317 # called by name
run() { # [ARGUMENT…]: where nothing matches, so that nothing happens
    env -i "$program" --config "$file" --node-name elsewhere "$@"
}

cp "$shipped" "$file"
expect 64 'match' run

# As the head of the file says.
sed -E 's/^#(match-string|floating-ips) /\1 /' "$shipped" >"$file"
expect 0 'elsewhere' run
expect 0 '"skipped"' run -o json

# Each option, with the two that exclude another one in its place.
echo 198.51.100.7 >"$work/pool"
echo 198.18.0.0/24 >"$work/destinations"
echo token >"$work/kube-token"
: >"$work/kube-ca.crt"
options=$(sed -nE 's/^#([a-z-]+) = .*/\1/p' "$shipped")
[ "$(wc -l <<<"$options")" -gt 10 ] || complain "few options: $options"
for option in $options; do
    case $option in
    kube-*) option='kube-[a-z-]+' ;; # which need each other
    esac
    sed -nE "s/^#((match-string|floating-ips|$option) = .*)/\1/p" "$shipped" |
        sed "s,/\(etc\|run\)/do-egress-ip/,$work/," >"$file"
    [ "$option" != floating-ips-file ] || sed -i '/^floating-ips = /d' "$file"
    expect 0 '' run
done
sed -E 's/^#(match-string|floating-ips) /\1 /; s/^#route /routing /' "$shipped" >"$file"
expect 78 '"routing" is not an option' run
exit "$failed"
