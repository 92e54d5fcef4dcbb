#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names on a droplet: asked through its own network, and silent when that was asked for.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ "${1:-}" = inside ] || exec "$here/lab" world "$here/names_test.sh" inside
PATH=$PATH:$here
lab up
lab droplet one

failed=0
check() { # WHAT FOUND WANTED
    [ "$2" = "$3" ] || {
        echo "$1: \"$2\", wanted \"$3\""
        failed=1
    }
}
address_of() { (lab exec one getent ahostsv4 "$1" || true) | awk 'NR == 1 { print $1 }'; }
seen() { lab exec one curl --silent --max-time 8 http://whatismyip.lab/ || echo none; }

[ -e /etc/resolv.conf ] || {
    echo "lab: skipped: this machine has no /etc/resolv.conf" >&2
    exit 77
}
check 'a name that there is' "$(address_of api.digitalocean.com)" 192.0.2.2
check 'a name that there is not' "$(address_of nonesuch.example)" ''
check 'a service by its name' "$(seen)" 203.0.113.10
asked=$(lab sim GET /journal | grep -o '"caller":"[0-9.]*","method":"A","path":"whatismyip.lab"' || true)
check 'asked through the network of the droplet' "${asked%%,*}" '"caller":"203.0.113.10"'
lab sim POST /faults '{"server": "dns", "kind": "hang", "count": -1}' >/dev/null
check 'a server that is silent' "$(seen)" none
lab sim DELETE /faults
lab sim POST /faults '{"server": "dns", "kind": "status", "status": 2, "count": -1}' >/dev/null
check 'a server that fails' "$(seen)" none
lab sim DELETE /faults
echo 'nameserver 192.0.2.99' >/run/lab/one.resolv.conf
check 'its own resolver' "$(seen)" none
exit $failed
