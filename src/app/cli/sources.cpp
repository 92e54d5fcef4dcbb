// SPDX-License-Identifier: Apache-2.0
#include "app/cli/sources.hpp"

#include "app/cli/toml.hpp"
#include "io/file.hpp"

#include <algorithm>

namespace app {
namespace {

// Suggests --help or the option that the user may have meant.
core::Error not_an_option(core::Exit exit, const std::string& place, const std::string& name,
                          std::string_view dashes) {
  std::vector<std::string> names;
  for (const Option& option : options()) {
    if (option.set == nullptr && dashes.empty()) {
      continue;  // such as --help and --config, which a file cannot have
    }
    names.push_back(fmt::format("{}{}", dashes, option.name));
  }
  const std::string likely = suggest(name, names);
  return core::Error(exit, "cannot parse {}\"{}\" is not an option", place, name)
      .with_hint(likely.empty() ? "run do-egress-ip --help" : likely);
}

const Option* find_letter(char letter) {
  const auto found = std::ranges::find(options(), std::string_view(&letter, 1), &Option::letter);
  return found == options().end() ? nullptr : &*found;
}

bool is_option(std::string_view text) {
  return text.starts_with("--") ? find_option(text.substr(2, text.find('=') - 2)) != nullptr
                                : text.size() == 2 && text[0] == '-' && find_letter(text[1]);
}

// getopt_long() accepts abbreviated names, and CLI11 costs each run half a megabyte.
class Reader {
 public:
  explicit Reader(const std::vector<std::string>& given) : given_(given) {}

  Arguments read() {
    while (at_ < given_.size()) {
      const std::string_view text = given_[at_++];
      if (text == "--") {
        found_.words.insert(found_.words.end(), given_.begin() + static_cast<std::ptrdiff_t>(at_),
                            given_.end());
        break;
      }
      if (text.starts_with("--")) {
        read_name(text.substr(2));
      } else if (text.size() > 1 && text[0] == '-') {
        read_letters(text.substr(1));
      } else {
        found_.words.emplace_back(text);
      }
    }
    return std::move(found_);
  }

 private:
  void read_name(std::string_view text) {
    const std::size_t equals = text.find('=');
    const Option* option = find_option(text.substr(0, equals));
    if (option == nullptr) {
      return refuse(text.substr(0, equals));
    }
    equals == std::string_view::npos ? add_next(*option) : add(*option, text.substr(equals + 1));
  }

  // Reads "-vo json" and "-vojson" as "-v -o json".
  void read_letters(std::string_view text) {
    for (; !text.empty(); text.remove_prefix(1)) {
      const Option* option = find_letter(text[0]);
      if (option == nullptr) {
        return refuse(text.substr(0, 1));
      }
      if (!option->value.empty() && text.size() > 1) {
        return add(*option, text.substr(1));
      }
      add_next(*option);
    }
  }

  void add_next(const Option& option) {
    if (option.value.empty()) {
      return add(option, "true");
    }
    if (at_ < given_.size() && !is_option(given_[at_])) {
      return add(option, given_[at_++]);
    }
    if (!found_.mistake) {
      found_.mistake =
          core::Error(core::Exit::usage, "cannot use --{}: a value is expected", option.name);
    }
  }

  void add(const Option& option, std::string_view value) {
    Given& given = found_.options[std::string(option.name)];
    given.origin = fmt::format("--{}", option.name);
    if (option.value.empty()) {
      given.values.clear();  // the last switch counts
    }
    given.values.emplace_back(value);
  }

  void refuse(std::string_view name) {
    if (!found_.mistake) {
      const std::string_view dashes = name.size() == 1 ? "-" : "--";
      found_.mistake = not_an_option(core::Exit::usage,
                                     "the command line: ", fmt::format("{}{}", dashes, name), "--");
    }
  }

  const std::vector<std::string>& given_;
  std::size_t at_ = 0;
  Arguments found_ = {};
};

// A single value as text, if it has the option's type.
std::optional<std::string> text_of(const toml::node& node, const Option& option) {
  const bool is_switch = option.value.empty();
  if (const auto* flag = node.as_boolean(); flag != nullptr && is_switch) {
    return flag->get() ? "true" : "false";
  }
  if (const auto* number = node.as_integer(); number != nullptr && option.numeric) {
    return fmt::format("{}", number->get());
  }
  const auto* text = node.as_string();
  return text != nullptr && !is_switch ? std::optional(text->get()) : std::nullopt;
}

std::string place_of(const std::string& path, const toml::source_region& region) {
  return fmt::format("{}:{}:{}", path, region.begin.line, region.begin.column);
}

Given read_setting(const toml::node& node, const Option& option, const std::string& path) {
  const std::string origin = fmt::format("{} in {}", option.name, place_of(path, node.source()));
  Given given{.source = Source::file, .origin = origin};
  const auto add = [&](const toml::node& value) {
    const auto text = text_of(value, option);
    if (!text) {
      throw core::Error(core::Exit::config, "cannot use {} in {}: the value must be {}{}",
                        option.name, place_of(path, value.source()),
                        option.value.empty() ? "true or false, without quotes"
                        : option.numeric     ? "a number"
                                             : "a text in quotes",
                        option.repeatable ? ", or a list of them" : "");
    }
    given.values.push_back(*text);
  };
  const toml::array* list = node.as_array();
  if (list == nullptr || !option.repeatable) {
    add(node);
    return given;
  }
  for (const toml::node& value : *list) {
    add(value);
  }
  return given;
}

const Option& option_named(const std::string& name, const std::string& place) {
  const Option* option = find_option(name);
  if (option == nullptr || option->set == nullptr) {
    throw core::Error(not_an_option(core::Exit::config, place, name, ""));
  }
  return *option;
}

}  // namespace

Arguments read_arguments(const std::vector<std::string>& given) {
  return Reader(given).read();
}

ConfigFile read_config_file(const std::string& path) {
  const std::string text = io::read_file(path);
  const toml::parse_result result = toml::parse(std::string_view(text));
  if (!result) {
    const toml::parse_error& error = result.error();
    throw core::Error(core::Exit::config, "cannot parse {}: {}", place_of(path, error.source()),
                      error.description())
        .with_hint("correct that line; the file is TOML 1.0, for example timeout = \"2m\"");
  }
  ConfigFile file;
  for (const auto& [key, node] : result.table()) {
    const std::string name(key.str());
    const std::string place = place_of(path, key.source()) + ": ";
    const auto failure = core::catch_error_except_signals([&, &value = node] {
      file.settings[name] = read_setting(value, option_named(name, place), path);
    });
    file.mistake = file.mistake ? file.mistake : failure;
  }
  return file;
}

std::optional<Given> Places::find(const Option& option) const {
  if (const auto given = line.options.find(option.name); given != line.options.end()) {
    return given->second;
  }
  for (const std::string& name : option.environment) {
    const auto value = environment(name);
    if (value && !value->empty()) {
      return Given{{*value}, Source::environment, name};
    }
  }
  const auto given = file.find(option.name);
  return given != file.end() ? std::optional(given->second) : std::nullopt;
}

}  // namespace app
