// SPDX-License-Identifier: Apache-2.0
// A token in the wrong place: it is refused with a hint and not repeated.
#include "secretive.hpp"

using support::Json;

namespace {

constexpr int usage = 64;
constexpr int config = 78;

}  // namespace

TEST_CASE("secrets: token anywhere on the command line, is not repeated") {
  const Secretive secretive;
  for (const std::string& token : {secretive.api_token, secretive.kube_token}) {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{token},
          {"--token", token},
          {"--token=" + token},
          {"-" + token},
          {"--token-file", token},
          {"--floating-ips", token},
          {"--match-string", token},
          {"--timeout", token},
          {"--api-url", "https://" + token + "@192.0.2.2"},
          {"--verify-url", "https://192.0.2.1/?token=" + token},
          {"--config", token}}) {
      const support::Run run = support::run(secretive.command(words));
      CHECK(run.exit == usage);
      CHECK(run.out.empty());
      CHECK(support::hints(run).size() == 1);
      CHECK(run.err.find("--token-file") != std::string::npos);
      secretive.check_silent(run);
    }
  }
  CHECK(secretive.node.world.journal("digitalocean").empty());
}

TEST_CASE("secrets: token in a variable of another option, is not repeated") {
  const Secretive secretive;
  const std::vector<std::string> loud = {"-v", "--dry-run"};
  for (const std::string& token : {secretive.api_token, secretive.kube_token}) {
    for (const std::string name : {"FLOATING_IPS",
                                   "FLOATING_IPS_FILE",
                                   "MATCH_REGEX",
                                   "MATCH_STRING",
                                   "TOKEN_FILE",
                                   "METADATA_URL",
                                   "KUBERNETES",
                                   "KUBE_API_URL",
                                   "KUBE_TOKEN_FILE",
                                   "KUBE_CA_FILE",
                                   "LOCK",
                                   "ROUTE",
                                   "DIRECT",
                                   "VERIFY_URL",
                                   "GATE_TAINT",
                                   "ENABLED_LABEL",
                                   "ADDRESS_LABEL",
                                   "TIMEOUT",
                                   "OUTPUT",
                                   "LOG_FORMAT",
                                   "OK_CODES",
                                   "CONFIG"}) {
      CAPTURE(name);
      support::Variables variables = {{"DO_EGRESS_IP_MATCH_STRING", "node"},
                                      {"DO_EGRESS_IP_FLOATING_IPS", "198.51.100.1"}};
      if (name == "MATCH_REGEX" || name == "FLOATING_IPS_FILE") {
        variables.erase("DO_EGRESS_IP_" + name.substr(0, name.rfind('_')) + "S");
      }
      variables["DO_EGRESS_IP_" + name] = token;
      secretive.bare(loud, variables);
    }
    for (const std::string name : {"NODE_NAME", "POD_NAMESPACE", "DIGITALOCEAN_API_URL",
                                   "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy"}) {
      CAPTURE(name);
      secretive.run(loud, {{name, token}});
    }
  }
}

TEST_CASE("secrets: user and password in a URL, are not repeated") {
  const Secretive secretive;
  for (const std::string url :
       {"https://me:SECRET@192.0.2.2", "ftp://me:SECRET@192.0.2.2", "://me:SECRET@192.0.2.2",
        "https://SECRET@", "https://me:SECRET@192.0.2.2:port", "https://me:SE/SECRET@192.0.2.2"}) {
    CAPTURE(url);
    CHECK(secretive.run({"-v", "--api-url", url}) == usage);
    CHECK(secretive.run({"-v", "--verify-url", url}) == usage);
    CHECK(secretive.run({"-v"}, {{"DO_EGRESS_IP_METADATA_URL", url}}) == usage);
  }
}

TEST_CASE("secrets: token in a file of another option, is not repeated") {
  const Secretive secretive;
  for (const std::string name : {"token", "kube-token"}) {
    CAPTURE(name);
    const std::string path = secretive.secrets / name;
    CHECK(secretive.bare({"--match-string", "node", "--floating-ips-file", path}) == config);
    CHECK(secretive.run({"--config", path}) == config);
    CHECK(secretive.run({"-v", "--timeout", "2s"}, {{"SSL_CERT_FILE", path}}) != 0);
  }
  for (const std::string& line :
       {"token = \"" + secretive.api_token + "\"", "floating-ips = \"" + secretive.api_token + "\"",
        "token-file = \"" + secretive.api_token + "\"", secretive.api_token + " = 1",
        "[" + secretive.api_token + "]", "token = " + secretive.api_token + "\" 'x"}) {
    CAPTURE(line);
    const std::string path = secretive.put("config.toml", line + "\nmatch-string = \"node\"\n");
    CHECK(secretive.bare({"--config", path}, {{"DO_EGRESS_IP_TOKEN_FILE", ""}}) != 0);
  }
}

TEST_CASE("secrets: token file with odd content, is not repeated") {
  const Secretive secretive;
  for (const std::string& text :
       {std::string("SECRET one two"), std::string("SECRET\x01SECRET"), std::string("S\xffSECRET"),
        std::string("SECRET\0more", 11), std::string("SECRET\nSECRET"),
        std::string(1U << 21U, 'S') + "SECRET"}) {
    const std::string path = secretive.put("odd", text);
    CHECK(secretive.run({"-v"}, {{"DO_EGRESS_IP_TOKEN_FILE", path}}) == config);
  }
  // An odd token that the server does not know.
  const std::string path = secretive.put("odd", "\xef\xbb\xbf\r\n '{SECRET}%s%n\\\"' \r\n");
  CHECK(secretive.run({"-v"}, {{"DO_EGRESS_IP_TOKEN_FILE", path}}) == config);
  secretive.put("odd", "\r\n '{SECRET}%s%n\\$(x)' \r\n");
  CHECK(secretive.run({"-v"}, {{"DO_EGRESS_IP_TOKEN_FILE", path}}) == 77);
}
