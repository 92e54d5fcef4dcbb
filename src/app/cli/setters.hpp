// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.hpp"

// How the text of each option becomes a value. Each throws Error(usage), or Error(config) for a
// value from a file, with one line: where it came from, what it is, what was expected.
namespace app {

void set_match_string(Draft& draft, const Given& given);
void set_match_regex(Draft& draft, const Given& given);
void set_pool(Draft& draft, const Given& given);
void set_pool_file(Draft& draft, const Given& given);
void set_foreign(Draft& draft, const Given& given);
void set_node_name(Draft& draft, const Given& given);
void set_token_file(Draft& draft, const Given& given);
void set_api_url(Draft& draft, const Given& given);
void set_ca_file(Draft& draft, const Given& given);
void set_metadata_url(Draft& draft, const Given& given);
void set_kubernetes(Draft& draft, const Given& given);
void set_kube_api_url(Draft& draft, const Given& given);
void set_kube_token_file(Draft& draft, const Given& given);
void set_kube_ca_file(Draft& draft, const Given& given);
void set_namespace(Draft& draft, const Given& given);
void set_lock(Draft& draft, const Given& given);
void set_verify_url(Draft& draft, const Given& given);
void set_gate_taint(Draft& draft, const Given& given);
void set_keep_ip(Draft& draft, const Given& given);
void set_local(Draft& draft, const Given& given);
void set_route(Draft& draft, const Given& given);
void set_direct(Draft& draft, const Given& given);
void set_enabled_label(Draft& draft, const Given& given);
void set_address_label(Draft& draft, const Given& given);
void set_dry_run(Draft& draft, const Given& given);
void set_timeout(Draft& draft, const Given& given);
void set_output(Draft& draft, const Given& given);
void set_log_format(Draft& draft, const Given& given);
void set_verbose(Draft& draft, const Given& given);
void set_quiet(Draft& draft, const Given& given);
void set_detailed_exitcode(Draft& draft, const Given& given);
void set_ok_codes(Draft& draft, const Given& given);
void set_termination_log(Draft& draft, const Given& given);
void set_metrics_file(Draft& draft, const Given& given);

}  // namespace app
