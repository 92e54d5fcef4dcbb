#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The dashboard and the alerts speak of metrics that the program has, and of exit codes as it does.
# What Prometheus says of them is for promtool_test.sh.
set -uo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
need jq
program=$1
there=$top/deploy/monitoring
dashboard=$there/dashboard.json
rules=$there/rules.yaml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Every family is there after any run, also where the name does not match.
expect 0 'skipped' env -i "$program" --match-string egress --floating-ips 198.51.100.1 \
    --node-name elsewhere --metrics-file "$work/egress.prom"
sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$work/egress.prom" | sort >"$work/there"
[ "$(wc -l <"$work/there")" -ge 10 ] || complain "few metrics: $(cat "$work/there")"
for file in "$dashboard" "$rules" "$there/rules_test.yaml"; do
    grep -oE 'do_egress_ip_[a-z_]+' "$file" | sort -u >"$work/used"
    [ -s "$work/used" ] || complain "$file uses no metric"
    same "metrics in $file that there are not" "$(comm -13 "$work/there" "$work/used")" ''
done

# The dashboard: as Grafana can import it, from any data source.
ask() { # WHAT FILTER: must be true
    jq --exit-status "$2" "$dashboard" >/dev/null || complain "dashboard: not so: $1"
}
ask 'panels have ids, titles and descriptions of their own' \
    '[.panels[] | .id, .title, .description] | (map(select(. != null and . != "")) | unique | length)
        == length'
ask 'panels are within the grid' \
    'all(.panels[].gridPos; .x >= 0 and .w > 0 and .h > 0 and .x + .w <= 24)'
# shellcheck disable=SC2016 # jq's own
ask 'panels do not lie upon each other' \
    '[.panels[] | {id} + .gridPos] as $all | [$all[] as $a | $all[] | select(.id > $a.id and
        .x < $a.x + $a.w and $a.x < .x + .w and .y < $a.y + $a.h and $a.y < .y + .h)] == []'
ask 'every panel asks something, each query under its own letter' \
    'all(.panels[] | select(.type != "row"); (.targets | length) > 0 and (.targets | map(.refId) | unique | length) ==
        (.targets | length) and all(.targets[]; .expr != ""))'
# shellcheck disable=SC2016 # Grafana's own variables
ask 'every query goes to the data source that was chosen' \
    '[.. | .datasource? // empty | .uid] | length > 20 and all(. == "${datasource}")'
ask 'the data source can be chosen' \
    'any(.templating.list[]; .name == "datasource" and .type == "datasource" and .query == "prometheus")'
# shellcheck disable=SC2016
ask 'every query is about the nodes that were chosen' \
    'all(.panels[] | select(.targets).targets[].expr; contains("{instance=~\"$instance\""))'
ask 'legends are shown' '[.panels[].options.legend | select(.)] | length > 5 and all(.showLegend)'
ask 'it is nobody'"'"'s yet' 'has("id") | not'

# Exit codes by their names, all but those that metrics do not have.
codes=$("$program" --help | sed '1,/^Exit codes:/d' | awk '$1 ~ /^[0-9]+$/ { print $1, $2 }' |
    grep -vE '^(2|3|64) ')
same 'exit codes of the dashboard' "$(jq --raw-output '[.panels[].fieldConfig.defaults.mappings |
    select(.)][0][0].options | to_entries | sort_by(.key | tonumber)[] | "\(.key) \(.value.text)"' \
    "$dashboard")" "$codes"
grep -oE '_exit_code == [0-9]+|code="[0-9]+"' "$rules" | grep -oE '[0-9]+' | sort -u |
    while read -r code; do
        grep -q "^$code " <<<"$codes" || echo "$code"
    done >"$work/unknown"
same 'exit codes in the alerts that there are not' "$(cat "$work/unknown")" ''

# Each alert says how bad it is and what it is about; and it is shown when it fires and when not.
alerts=$(sed -n 's/^ *- alert: //p' "$rules")
number=$(wc -l <<<"$alerts")
same 'alerts, each once' "$(sort -u <<<"$alerts" | wc -l)" "$number"
for key in 'severity: \(critical\|warning\)$' 'summary: ' 'description: ' 'runbook_url: '; do
    same "lines with $key" "$(grep -c "^ *$key" "$rules")" "$number"
done
for alert in $alerts; do
    url="deploy/monitoring/README.md#${alert,,}"
    grep -qF "runbook_url: \"$url\"" "$rules" || complain "$alert has no runbook_url: $url"
    grep -qx "## $alert" "$there/README.md" || complain "deploy/monitoring/README.md has no section $alert"
    grep -q "alertname: $alert, .*exp_alerts: \[\]" "$there/rules_test.yaml" ||
        complain "$alert is not shown where it must not fire"
    grep -q -- "- alertname: $alert\$" "$there/rules_test.yaml" ||
        complain "$alert is not shown where it has to fire"
done
exit "$failed"
