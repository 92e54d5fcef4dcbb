#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each shell completes every option, command and value that --help names, and nothing else.
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
program=$1
files=$top/deploy/completions
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
touch one.toml two.txt

# "NAME;LETTER;VALUE", once for each option of any command.
commands=$("$program" --help | sed -nE '/^Usage/,/^[A-Z][^:]*$/s/^  ([a-z]+) +.*/\1/p' | sort)
[[ $commands == *reconcile* ]] || complain "no commands in --help: $commands"
options=$(for command in $commands; do "$program" "$command" --help; done |
    sed -nE 's/^  (-(.),|   ) --([a-z-]+)( ([^ ]+))? .*/\3;\2;\5/p' | sort -u)
[[ $options == *'output;o;text|json'* ]] || complain "no options in --help: $options"
names=$(sed 's/;.*//; s/^/--/' <<<"$options" | sort)
letters=$(sed -n 's/^[^;]*;\(.\);.*/-\1/p' <<<"$options" | sort)

in_bash() { # WORD…: what the last of them can become
    # shellcheck disable=SC2016 # expanded in there
    bash -c '. "$0"; COMP_WORDS=(do-egress-ip "$@"); COMP_CWORD=$#; _do_egress_ip
        [ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}" | sort' \
        "$files/do-egress-ip.bash" "$@"
}

# shellcheck disable=SC2317 # called by name
in_fish() { # WORD…
    fish --no-config --command "source $files/do-egress-ip.fish; complete -C 'do-egress-ip $*'" |
        cut -f1 | sort
}

values_of() { tr '|' '\n' <<<"$1" | sort; }

check_shell() { # SHELL
    local name letter value
    same "$1: options" "$("in_$1" -- | grep '^--')" "$names"
    same "$1: commands" "$("in_$1" '')" "$commands"
    while IFS=";" read -r name letter value; do
        case $value in
        '') ;;
        *'|'*) same "$1: --$name" "$("in_$1" "--$name" '')" "$(values_of "$value")" ;;
        F) same "$1: --$name" "$("in_$1" "--$name" '' | grep -c '^one.toml$')" 1 ;;
        D) ;;
        *) case $("in_$1" "--$name" '') in
            *reconcile*) complain "$1: --$name takes a value, not a command" ;;
            esac ;;
        esac
    done <<<"$options"
}

check_shell bash
same 'bash: letters' "$(in_bash - | grep '^-.$')" "$letters"
same 'bash: what is begun' "$(in_bash --output j)" json
same 'bash: with an equals sign' "$(in_bash --output = t)" text
if command -v fish >/dev/null; then
    check_shell fish
else
    echo 'fish is not installed'
fi

# zsh needs a terminal to complete: its file is read.
file=$files/_do-egress-ip
same 'zsh: options' "$(grep -oE -- '--[a-z-]+' "$file" | sort -u)" "$names"
while IFS=";" read -r name letter value; do
    found=$(grep -oE -- "--$name(=|\[|\}|=\}).*" "$file")
    case $value in
    *'|'*) [[ $found == *"(${value//|/ })"* ]] || complain "zsh: --$name: $found, wanted $value" ;;
    F) [[ $found == *_files* ]] || complain "zsh: --$name takes a file: $found" ;;
    esac
    [ -z "$letter" ] || [[ $found$(grep -- "{-$letter,--$name" "$file") == *"{-$letter,"* ]] ||
        complain "zsh: --$name is -$letter as well"
done <<<"$options"
for command in $commands; do
    grep -q "$command\\\\:" "$file" || complain "zsh: the command $command is missing"
done
! command -v zsh >/dev/null || expect 0 '' zsh -n "$file"
exit "$failed"
