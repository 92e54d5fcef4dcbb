// SPDX-License-Identifier: Apache-2.0
#include "core/plan/pods.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"

#include <functional>

using core::Cilium;
using core::Cure;
using core::PodFacts;
using core::PodSource;
using core::Translation;
using support::ip;
using support::prefix;

namespace {

constexpr std::uint32_t eth0 = 2;
constexpr std::uint32_t ens7 = 4;
const core::Ipv4 public_ip = ip("164.92.113.10");
const core::Ipv4 anchor_ip = ip("10.17.0.5");
const core::Ipv4 anchor_gateway = ip("10.17.0.1");

// A node at public-looking addresses, and what was found of its plugin.
struct Setup {
  core::Network network = {.links = {{1, "lo", ""}, {eth0, "eth0", ""}, {3, "eth1", ""}},
                           .addresses = {{public_ip, 20, eth0}, {ip("10.132.0.5"), 16, 3}}};
  core::Paths paths = {.public_path = {public_ip, {ip("164.92.113.1"), eth0}}};
  PodFacts facts = {.has_cilium = true,
                    .cilium = Cilium{},
                    .version = core::CiliumVersion{1, 18, "test"},
                    .pod_network = prefix("10.244.1.0/24"),
                    .internal_ip = ip("10.132.0.5")};

  Cilium& cilium() { return *facts.cilium; }
};

Setup on_device(std::uint32_t ifindex, Cilium cilium) {
  Setup setup;
  setup.network.addresses.push_back({anchor_ip, 16, ifindex});
  if (ifindex == ens7) {
    setup.network.links.push_back({ens7, "ens7", ""});
  }
  setup.paths.anchor_path = {anchor_ip, {anchor_gateway, ifindex}};
  setup.facts.cilium = std::move(cilium);
  return setup;
}

Setup classic(Cilium cilium) {
  return on_device(eth0, std::move(cilium));
}
Setup own_nic(Cilium cilium) {
  return on_device(ens7, std::move(cilium));
}

// A NIC that reaches nothing holds the anchor, and the default leads through eth0 all the same.
Setup dummy(Cilium cilium) {
  Setup setup = own_nic(std::move(cilium));
  setup.paths.anchor_path.via.ifindex = eth0;
  return setup;
}

Cilium iptables() {
  return {.replaces_kube_proxy = true};
}
Cilium bpf() {
  return {.in_bpf = true, .replaces_kube_proxy = true};
}
Cilium legacy() {
  return {.in_bpf = true, .replaces_kube_proxy = true, .legacy_routing = true};
}
Cilium pinned(Cilium cilium) {
  cilium.devices = {"eth0", "eth1"};
  return cilium;
}
Cilium masquerading_on_eth0() {
  return {.replaces_kube_proxy = true, .masquerade_devices = {"eth0"}};
}
Cilium with_source_of_eth0() {
  return {.in_bpf = true, .replaces_kube_proxy = true, .source_device = "eth0"};
}
Cilium with_endpoint_routes(Cilium cilium) {
  cilium.endpoint_routes = true;
  return cilium;
}
Cilium without_conntrack(Cilium cilium) {
  cilium.skips_conntrack = true;
  return cilium;
}

constexpr auto anchor = PodSource::anchor;
constexpr auto open = PodSource::public_address;  // NOLINT: as the table has it
constexpr auto dead = PodSource::dead;

struct Row {
  const char* name;
  Setup setup;
  PodSource alone, snat, stack;
  Cure cure;
};

void check(const Row& row) {
  CAPTURE(row.name);
  const auto leave = [&](Cure cure) {
    return core::predict_pods(row.setup.facts, row.setup.network, row.setup.paths, cure);
  };
  CHECK(leave(Cure::none).egress == row.alone);
  CHECK(leave(Cure::snat).egress == row.snat);
  CHECK(leave(Cure::stack).egress == row.stack);
  CHECK(core::choose_cure(row.setup.facts, row.setup.network, row.setup.paths) == row.cure);
  CHECK_FALSE(leave(row.cure).reason.empty());
}

}  // namespace

// Every cell of the first table: iptables masquerade, then BPF masquerade.
TEST_CASE("pods: the anchor on each kind of NIC, through which address pods leave") {
  const std::vector<Row> rows = {
      {"the public NIC, iptables", classic(iptables()), anchor, anchor, anchor, Cure::none},
      {"the public NIC, BPF", classic(bpf()), open, open, anchor, Cure::stack},
      {"its own NIC, iptables", own_nic(iptables()), anchor, anchor, anchor, Cure::none},
      {"its own NIC, BPF", own_nic(bpf()), anchor, anchor, anchor, Cure::none},
      {"its own, devices pinned, iptables", own_nic(pinned(iptables())), anchor, anchor, anchor,
       Cure::none},
      {"its own, devices pinned, BPF", own_nic(pinned(bpf())), dead, dead, anchor, Cure::stack},
      {"its own, egress-masquerade-interfaces", own_nic(masquerading_on_eth0()), dead, anchor,
       anchor, Cure::snat},
      {"its own, derive-masq-ip-addr-from-device", own_nic(with_source_of_eth0()), open, open,
       anchor, Cure::stack},
      {"one that reaches nothing, iptables", dummy(iptables()), open, anchor, anchor, Cure::snat},
      {"one that reaches nothing, BPF", dummy(bpf()), open, open, anchor, Cure::stack},
  };
  for (const Row& row : rows) {
    check(row);
  }
}

TEST_CASE("pods: what each cure does in each set-up, and which is chosen") {
  const std::vector<Row> rows = {
      {"classic, BPF host routing", classic(bpf()), open, open, anchor, Cure::stack},
      {"own NIC, devices pinned", own_nic(pinned(bpf())), dead, dead, anchor, Cure::stack},
      {"classic, legacy host routing", classic(legacy()), open, anchor, anchor, Cure::snat},
      {"own NIC, legacy, pinned", own_nic(pinned(legacy())), dead, anchor, anchor, Cure::snat},
      {"own NIC, iptables, egress-masquerade-interfaces", own_nic(masquerading_on_eth0()), dead,
       anchor, anchor, Cure::snat},
      {"classic, derive-masq-ip-addr-from-device", classic(with_source_of_eth0()), open, open,
       anchor, Cure::stack},
      {"classic, endpoint routes", classic(with_endpoint_routes(bpf())), open, open, dead,
       Cure::none},
      {"own NIC, pinned, endpoint routes", own_nic(pinned(with_endpoint_routes(bpf()))), dead, dead,
       dead, Cure::none},
      {"classic, legacy, endpoint routes", classic(with_endpoint_routes(legacy())), open, anchor,
       dead, Cure::snat},
      {"classic, NOTRACK", classic(without_conntrack(bpf())), open, open, open, Cure::none},
      {"classic, legacy, NOTRACK", classic(without_conntrack(legacy())), open, open, open,
       Cure::none},
      {"iptables masquerade", classic(iptables()), anchor, anchor, anchor, Cure::none},
      {"own NIC chosen by Cilium", own_nic(bpf()), anchor, anchor, anchor, Cure::none},
  };
  for (const Row& row : rows) {
    check(row);
  }
}

TEST_CASE("pods: an old or unknown Cilium is never made to use the stack") {
  Setup setup = classic(bpf());
  setup.facts.version = core::CiliumVersion{1, 16, "DOKS 1.32.1-do.0"};
  check({"1.16", setup, open, open, dead, Cure::none});
  CHECK_FALSE(core::depends_on_version(setup.facts, setup.network, setup.paths));
  setup.facts.version.reset();
  check({"unknown", setup, open, open, dead, Cure::none});
  CHECK(core::depends_on_version(setup.facts, setup.network, setup.paths));
}

TEST_CASE("pods: the kernel shows endpoint routes and NOTRACK, too") {
  Setup setup = classic(bpf());
  setup.network.links.push_back({9, "lxc4711", ""});
  setup.network.routes.push_back({.destination = prefix("10.244.1.7"), .via = {.ifindex = 9}});
  check({"a route to a pod", setup, open, open, dead, Cure::none});

  setup = classic(legacy());
  setup.facts.translations = {
      {.kind = Translation::Kind::notrack, .source = prefix("10.244.0.0/16")}};
  check({"a rule of nf_tables", setup, open, open, open, Cure::none});
}

TEST_CASE(
    "pods: masquerade in BPF without kube-proxy replacement, not known unless node ports are "
    "BPF's") {
  Cilium contradictory = bpf();
  contradictory.replaces_kube_proxy = false;
  check({"kube-proxy", classic(contradictory), PodSource::unknown, anchor, anchor, Cure::none});
  contradictory.node_port = true;  // kube-proxy-replacement: partial
  check({"node ports", classic(contradictory), open, anchor, anchor, Cure::snat});
}

TEST_CASE("pods: a native network of everything, nothing is masqueraded and no cure helps") {
  Cilium native = iptables();
  native.native_network = core::Prefix{};
  check({"iptables", classic(native), dead, dead, dead, Cure::none});
  native.native_network = prefix("10.0.0.0/8");
  check({"private", classic(native), anchor, anchor, anchor, Cure::none});
}

TEST_CASE("pods: Cilium's egress gateway, the reason says that its policies decide for some") {
  Setup setup = own_nic(bpf());
  setup.cilium().egress_gateway = true;
  const auto leave = core::predict_pods(setup.facts, setup.network, setup.paths, Cure::none);
  CHECK(leave.egress == anchor);
  CHECK(leave.reason.find("CiliumEgressGatewayPolicy") != std::string::npos);
}

TEST_CASE("pods: the address that Cilium takes in BPF") {
  const auto leaves = [](const Setup& setup) {
    return core::predict_pods(setup.facts, setup.network, setup.paths, Cure::none).egress;
  };
  Setup internal = classic(bpf());
  internal.facts.internal_ip = anchor_ip;
  CHECK(leaves(internal) == anchor);

  Setup documented = classic(bpf());  // which counts as private, and then the lower is taken
  documented.network.addresses.at(0).address = ip("203.0.113.10");
  documented.paths.public_path.address = ip("203.0.113.10");
  CHECK(leaves(documented) == anchor);

  Setup narrow = classic(bpf());
  narrow.network.addresses.at(0).scope = 253;
  CHECK(leaves(narrow) == anchor);

  Setup pattern = own_nic(bpf());
  pattern.cilium().devices = {"ens+", "eth0"};
  CHECK(leaves(pattern) == anchor);
  pattern.cilium().devices = {"e+", "!ens7"};
  CHECK(leaves(pattern) == dead);

  Setup bridge = own_nic(bpf());
  bridge.network.links.back().kind = "bridge";
  CHECK(leaves(bridge) == dead);
}

TEST_CASE("pods: without Cilium's word, the rules of nf_tables say what is known") {
  const auto seen = [](std::vector<Translation> translations) {
    Setup setup = classic({});
    setup.facts.cilium.reset();
    setup.facts.translations = std::move(translations);
    return core::predict_pods(setup.facts, setup.network, setup.paths, Cure::none);
  };
  using enum Translation::Kind;
  CHECK(seen({{.kind = masquerade, .source = prefix("10.244.0.0/16")}}).egress == anchor);
  CHECK(seen({{.kind = masquerade, .out_device = "eth+"}}).egress == anchor);
  CHECK(seen({{.kind = snat, .source = prefix("10.244.1.0/24"), .address = public_ip}}).egress ==
        open);
  CHECK(seen({{.kind = snat, .address = ip("10.132.0.5")}}).egress == dead);
  CHECK(seen({}).egress == PodSource::unknown);
  CHECK(seen({{.kind = masquerade, .source = prefix("172.17.0.0/16")}}).egress ==
        PodSource::unknown);
  CHECK(seen({{.kind = masquerade, .out_device = "eth1"}}).egress == dead);
  CHECK(seen({{.kind = masquerade, .out_device = "eth1"}, {.kind = masquerade}}).egress == anchor);
}

TEST_CASE(
    "pods: a program at a device of pods, of no plugin that is known, where they leave is not "
    "known") {
  Setup setup = classic({});
  setup.facts.cilium.reset();
  setup.facts.has_cilium = false;
  setup.facts.translations = {{.kind = Translation::Kind::masquerade}};
  const auto seen = [&] {
    return core::predict_pods(setup.facts, setup.network, setup.paths, Cure::none).egress;
  };
  setup.facts.programmed = {eth0};  // the NIC's own come after netfilter
  CHECK(seen() == anchor);
  setup.network.links.push_back({9, "veth1", ""});
  setup.facts.programmed = {eth0, 9};
  CHECK(seen() == PodSource::unknown);
  CHECK(core::choose_cure(setup.facts, setup.network, setup.paths) == Cure::none);
}

TEST_CASE("pods: a translation to the public address is cured by ours, which comes before it") {
  Setup setup = classic({});
  setup.facts.cilium.reset();
  setup.facts.translations = {{.kind = Translation::Kind::snat, .address = public_ip}};
  CHECK(core::choose_cure(setup.facts, setup.network, setup.paths) == Cure::snat);
  setup.facts.translations.front().out_device = "eth1";  // not where the anchor gateway is
  CHECK(core::choose_cure(setup.facts, setup.network, setup.paths) == Cure::snat);
  setup.facts.incurable = "the kernel has no NAT";
  CHECK(core::choose_cure(setup.facts, setup.network, setup.paths) == Cure::none);
}

TEST_CASE("pods: an anchor gateway that does not answer cuts them off") {
  Setup setup = classic(iptables());
  setup.facts.gateway_answers = false;
  const auto leave = core::predict_pods(setup.facts, setup.network, setup.paths, Cure::none);
  CHECK(leave.egress == dead);
  CHECK(leave.reason.find("ARP on eth0") != std::string::npos);
  CHECK(core::choose_cure(setup.facts, setup.network, setup.paths) == Cure::none);
}

TEST_CASE("pods: which version of Cilium runs") {
  const auto of_image = [](const std::string& image) {
    const auto version = core::cilium_version_of_image(image);
    return version ? fmt::format("{}.{}", version->major, version->minor) : "unknown";
  };
  CHECK(of_image("quay.io/cilium/cilium:v1.18.3@sha256:5649") == "1.18");
  CHECK(of_image("registry:5000/cilium:1.16.0-rc.1") == "1.16");
  CHECK(of_image("registry:5000/cilium") == "unknown");
  CHECK(of_image("cilium@sha256:5649") == "unknown");
  CHECK(of_image("cilium:latest") == "unknown");
  CHECK(of_image("") == "unknown");

  const auto of_doks = [](const std::string& doks) {
    const auto version = core::cilium_version_of_doks(doks);
    return version ? version->minor : 0;
  };
  CHECK(of_doks("1.32.1-do.0") == 16);
  CHECK(of_doks("1.34.1-do.0") == 18);
  CHECK(of_doks("1.40.0-do.0") == 19);
  CHECK(of_doks("1.31.9-do.3") == 0);
  CHECK(of_doks("latest") == 0);
}

namespace {

// Every combination of what decides, by the bits of a number.
Setup setup_of(unsigned bits) {
  const auto bit = [&](unsigned place) { return (bits >> place & 1U) != 0; };
  const Cilium cilium{
      .masquerades = !bit(0),
      .in_bpf = bit(1),
      .replaces_kube_proxy = bit(2),
      .legacy_routing = bit(3),
      .endpoint_routes = bit(4),
      .skips_conntrack = bit(5),
      .devices = bit(6) ? std::vector<std::string>{"eth0", "eth1"} : std::vector<std::string>{},
      .masquerade_devices = bit(7) ? std::vector<std::string>{"eth0"} : std::vector<std::string>{},
      .source_device = bit(8) ? "eth0" : "",
      .native_network = bit(9) ? std::optional(core::Prefix{}) : std::nullopt};
  Setup setup = bit(10) ? own_nic(cilium) : classic(cilium);
  if (bit(11)) {
    setup.facts.version = bit(12) ? std::nullopt : std::optional(core::CiliumVersion{1, 17, ""});
  }
  if (bit(13)) {
    setup.facts.translations = {{.kind = Translation::Kind::snat, .address = public_ip}};
  }
  return setup;
}

}  // namespace

TEST_CASE("pods: each combination of settings, a cure helps and never harms") {
  constexpr unsigned combinations = 1U << 14U;
  unsigned cured = 0;
  for (unsigned bits = 0; bits < combinations; ++bits) {
    const Setup setup = setup_of(bits);
    const auto leave = [&](Cure cure) {
      return core::predict_pods(setup.facts, setup.network, setup.paths, cure);
    };
    const PodSource alone = leave(Cure::none).egress;
    const Cure cure = core::choose_cure(setup.facts, setup.network, setup.paths);
    const bool needed = alone == open || alone == dead;
    const bool stack_may_help = setup.facts.version && setup.facts.version->minor >= 18 &&
                                !setup.facts.cilium->endpoint_routes;
    const bool right = leave(cure).egress == (cure == Cure::none ? alone : anchor) &&
                       (cure == Cure::none || needed) && (cure != Cure::stack || stack_may_help) &&
                       (leave(Cure::snat).egress != dead || alone == dead) &&
                       !leave(cure).reason.empty();
    if (!right) {
      CAPTURE(bits);
      CAPTURE(leave(cure).reason);
      FAIL_CHECK("a cure that does not help, or harms");
    }
    cured += cure == Cure::none ? 0 : 1;
  }
  CHECK(cured > combinations / 16);
}

TEST_CASE("pods: another program's rule leads them past the default, where they leave is unknown") {
  Setup setup = classic(iptables());
  setup.network.routes = {{.via = setup.paths.public_path.via, .table = 900, .protocol = 3}};
  setup.network.rules = {
      {.priority = 900, .source = prefix("10.244.0.0/16"), .table = 900, .protocol = 3}};
  const auto leaves = [&] {
    return core::predict_pods(setup.facts, setup.network, setup.paths, Cure::none);
  };
  CHECK(leaves().egress == PodSource::unknown);
  CHECK(leaves().reason == "rule 900 leads what pods send to table 900");
  setup.network.routes[0].via = setup.paths.anchor_path.via;
  CHECK(leaves().egress == anchor);
}

TEST_CASE("pods: the kernel masquerades with no address of a narrow scope or a second one") {
  Setup setup = classic(iptables());
  const auto leaves = [&] {
    return core::predict_pods(setup.facts, setup.network, setup.paths, Cure::none).egress;
  };
  CHECK(leaves() == anchor);
  SUBCASE("scope link") {
    setup.network.addresses.back().scope = 253;
  }
  SUBCASE("secondary") {
    setup.network.addresses.back().secondary = true;
  }
  const bool changed = setup.network.addresses.back() != core::LinkAddress{anchor_ip, 16, eth0};
  CHECK((leaves() == PodSource::public_address) == changed);
}
