// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/doctor.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// How core/doctor_*.cpp say what they found; each function below is the checks of one subject.
namespace core {

inline Check ok(std::string_view name, std::string found) {
  return {.name = name, .verdict = Verdict::ok, .found = std::move(found)};
}
inline Check note(std::string_view name, std::string found, std::string remedy = {}) {
  return {name, Verdict::note, std::move(found), std::move(remedy)};
}
inline Check warning(std::string_view name, std::string found, std::string remedy) {
  return {name, Verdict::warning, std::move(found), std::move(remedy)};
}
inline Check problem(std::string_view name, Exit exit, std::string found, std::string remedy) {
  return {name, Verdict::problem, std::move(found), std::move(remedy), exit};
}
inline Check problem(std::string_view name, const Error& error) {
  return problem(name, error.exit(), error.what(), error.hint());
}
inline Check problem(std::string_view name, const Ending& ending) {
  return problem(name, ending.exit, ending.message, ending.hint);
}
inline Check unknown(std::string_view name, std::string why, std::string remedy = {}) {
  return {name, Verdict::unknown, std::move(why), std::move(remedy)};
}
inline Check skipped(std::string_view name, std::string why) {
  return {.name = name, .verdict = Verdict::skipped, .found = std::move(why)};
}

std::vector<Check> check_host(const Examination& facts);
std::vector<Check> check_routes(const Examination& facts);
std::vector<Check> check_account(const Examination& facts);
std::vector<Check> check_pool(const Examination& facts);
std::vector<Check> check_cluster(const Examination& facts);

// The address that the droplet holds: the API's word before metadata's; nothing where neither is
// known, an empty optional in it where it holds none.
std::optional<std::optional<Ipv4>> held_by_droplet(const Examination& facts);

}  // namespace core
