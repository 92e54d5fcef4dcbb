#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What Prometheus says of the metrics, the alerts and the queries of the dashboard.
set -uo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
need jq
program=$1
there=$top/deploy/monitoring
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
promtool=$("$top/scripts/promtool" --if-there 2>"$work/why") || skip "$(cat "$work/why")"

expect 0 'SUCCESS' "$promtool" check rules --lint-fatal "$there/rules.yaml"
expect 0 'SUCCESS' "$promtool" test rules "$there/rules_test.yaml"

# Two runs, of which the second goes on from what the first left.
for run in 1 2; do
    expect 0 'skipped' env -i "$program" --match-string egress --floating-ips 198.51.100.1 \
        --node-name "elsewhere-$run" --metrics-file "$work/egress.prom"
done
# shellcheck disable=SC2317 # called by name
check_metrics() { "$promtool" check metrics <"$work/egress.prom"; }
expect 0 '' check_metrics
same 'complaints about the metrics' "$output" ''

# Each query as if it were a rule, with what Grafana puts in place of its variables.
# shellcheck disable=SC2016 # Grafana's own variables
jq '{groups: [{name: "dashboard", rules: [.panels[] | select(.targets).targets[] | {record: "query", expr: (.expr |
    gsub("\\$instance"; ".*") | gsub("\\$__rate_interval"; "5m"))}] | to_entries |
    map(.value + {record: "query:\(.key)"})}]}' "$there/dashboard.json" >"$work/queries.yaml"
expect 0 'SUCCESS' "$promtool" check rules "$work/queries.yaml"
[[ $output != *'$'* ]] || complain "variables that are not known here: $output"

# What the tiles about addresses show: with two of three in use, and before the first claim.
query() { # TITLE: its expression, for all nodes
    jq --raw-output --arg title "$1" '.panels[] | select(.title == $title).targets[0].expr |
        gsub("\\$instance"; ".*")' "$there/dashboard.json"
}
jq --null-input --arg used "$(query 'Addresses in use')" --arg left "$(query 'Addresses left')" '
    {series: "do_egress_ip_pool_addresses{instance=\"a\"}", values: "3x5"} as $pool |
    [1, 2 | {series: "do_egress_ip_address_info{instance=\"\(.)\",address=\"\(.)\"}", values: "1x5"}] as $held |
    def shows($expr; $value): {expr: $expr, eval_time: "1m", exp_samples: [{labels: "{}", value: $value}]};
    {tests: [
        {input_series: [$pool], promql_expr_test: [shows($used; 0), shows($left; 3)]},
        {input_series: ([$pool] + $held), promql_expr_test: [shows($used; 2), shows($left; 1)]}]}' >"$work/tiles.yaml"
expect 0 'SUCCESS' "$promtool" test rules "$work/tiles.yaml"
exit "$failed"
