# SPDX-License-Identifier: Apache-2.0
# bash completion for do-egress-ip; held against `do-egress-ip --help` by a test.
# shellcheck shell=bash

_do_egress_ip_values() { # OPTION: what it can be; fails where nothing is known of its values
    case $1 in
    --kubernetes) echo auto on off ;;
    --lock) echo auto lease none ;;
    --gate-by) echo egress pods ;;
    --pods) echo auto off ;;
    --route) echo default destinations none ;;
    -o | --output | --log-format) echo text json ;;
    --timeout) echo 30s 1m 2m 5m ;;
    *) return 1 ;;
    esac
}

_do_egress_ip() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} values
    # --output=json is three words for bash.
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    if values=$(_do_egress_ip_values "$before"); then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
        return
    fi
    case $before in
    --floating-ips-file | --token-file | --ca-file | --kube-token-file | --kube-ca-file | \
        --termination-log | --metrics-file | --bundle | --config | --destinations-file)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --match-string | --match-regex | --floating-ips | --node-name | --api-url | --metadata-url | \
        --kube-api-url | --namespace | --direct | --destination | --enabled-label | --address-label | \
        --gate-taint | --pod-label | --expect | --verify-url | --ok-codes)
        return # anything
        ;;
    esac
    if [[ $word == -* ]]; then
        values=$(_do_egress_ip_options)
    else
        values='reconcile status verify release doctor pool help version'
    fi
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
}

_do_egress_ip_options() {
    cat <<'END'
--match-string --match-regex --floating-ips --floating-ips-file --allow-foreign-ip --node-name
--token-file --api-url --ca-file --metadata-url --kubernetes --kube-api-url --kube-token-file
--kube-ca-file --namespace --lock --route --destination --destinations-file --pods --direct --enabled-label
--address-label --gate-taint --verify-url --local --dry-run --timeout --output --log-format --verbose --quiet --detailed-exitcode
--ok-codes --keep-ip --only-matching --expect --gate-by --pod-label
--termination-log --metrics-file --bundle --config --help --version
-n -o -v -q -h
END
}

complete -F _do_egress_ip do-egress-ip
