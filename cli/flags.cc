#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace rayctl {
namespace {

std::string variable_of(const CLI::Option& option) {
  if (option.get_lnames().empty()) return {};
  std::string name = "RAYCTL_";
  for (char c : option.get_lnames().front()) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

int to_int(const std::string& text) {
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) {
    throw CLI::ValidationError("`" + text + "` is not a whole number of 0 or more");
  }
  return number;
}

}  // namespace

std::optional<Millis> parse_duration(const std::string& text) {
  long long number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || number > 1'000'000'000) return std::nullopt;
  std::string unit(end, text.data() + text.size());
  if (unit == "ms") return Millis{number};
  if (unit.empty() || unit == "s") return Millis{number * 1000};
  if (unit == "m") return Millis{number * 60'000};
  if (unit == "h") return Millis{number * 3'600'000};
  return std::nullopt;
}

struct Flags::Parser {
  CLI::App app;
  std::vector<CLI::Option*> options;  // in order, without --help
  CLI::Option* help = nullptr;
  std::vector<std::string>* rest = nullptr;  // where arguments() puts words

  CLI::Option* keep(CLI::Option* option, bool mirrored = true) {
    if (mirrored && !option->get_positional()) option->envname(variable_of(*option));
    options.push_back(option);
    return option;
  }
};

Flags::Flags() : parser_(std::make_unique<Parser>()) {
  parser_->app.set_help_flag();
  parser_->help = parser_->app.add_flag("-h,--help");
  parser_->app.allow_extras();
}
Flags::~Flags() = default;

void Flags::flag(const std::string& names, bool& target) {
  parser_->keep(parser_->app.add_flag(names, target));
}

void Flags::value(const std::string& names, std::string& target) {
  parser_->keep(parser_->app.add_option(names, target))->take_last();
}

void Flags::value(const std::string& names, int& target) {
  auto set = [&target](const std::string& text) { target = to_int(text); };
  parser_->keep(parser_->app.add_option_function<std::string>(names, set))->take_last();
}

void Flags::value(const std::string& names, std::optional<int>& target) {
  auto set = [&target](const std::string& text) { target = to_int(text); };
  parser_->keep(parser_->app.add_option_function<std::string>(names, set))->take_last();
}

void Flags::values(const std::string& names, std::vector<std::string>& target) {
  // Without the last, words after the value would be values too.
  parser_->keep(parser_->app.add_option(names, target))
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

void Flags::duration(const std::string& names, Millis& target) {
  auto set = [&target](const std::string& text) {
    std::optional<Millis> duration = parse_duration(text);
    if (!duration)
      throw CLI::ValidationError("`" + text + "` is no duration such as 90s, 5m or 1h");
    target = *duration;
  };
  parser_->keep(parser_->app.add_option_function<std::string>(names, set))->take_last();
}

void Flags::ignored(const std::string& names, bool takes_value) {
  if (takes_value) {
    auto drop = [](const std::string&) {};
    parser_->keep(parser_->app.add_option_function<std::string>(names, drop), false)->take_last();
  } else {
    parser_->keep(parser_->app.add_flag(names), false);
  }
}

void Flags::argument(const std::string& name, std::string& target, bool required) {
  parser_->keep(parser_->app.add_option(name, target))->required(required);
}

void Flags::arguments(const std::string& name, std::vector<std::string>& target) {
  parser_->keep(parser_->app.add_option(name, target));
  parser_->rest = &target;
}

void Flags::exclusive(const std::string& one, const std::string& other) {
  parser_->app.get_option(one)->excludes(parser_->app.get_option(other));
}

Result<bool> Flags::parse(const std::vector<std::string>& words) {
  auto separator = std::find(words.begin(), words.end(), "--");
  for (auto word = words.begin(); word != separator; ++word) {
    if (*word == "-h" || *word == "--help") return false;
  }
  if (separator != words.end() && parser_->rest == nullptr) {
    return permanent(ErrorCode::kUsage, "unexpected argument `--`");
  }
  try {
    std::vector<std::string> before(words.begin(), separator);
    std::reverse(before.begin(), before.end());  // as CLI11 takes them
    parser_->app.parse(std::move(before));
    if (separator != words.end()) {
      parser_->rest->insert(parser_->rest->end(), separator + 1, words.end());
    }
  } catch (const CLI::ParseError& error) {
    return permanent(ErrorCode::kUsage, error.what());
  }
  std::vector<std::string> extra = parser_->app.remaining();
  if (extra.empty()) return true;
  std::string word = extra.front().substr(0, extra.front().find('='));
  if (word.size() < 2 || word[0] != '-') {
    return permanent(ErrorCode::kUsage, "unexpected argument `" + word + "`");
  }
  std::vector<std::string> known;
  for (const Info& info : list()) {
    if (!info.argument) known.insert(known.end(), info.names.begin(), info.names.end());
  }
  std::string near = nearest(word, known);
  return permanent(ErrorCode::kUsage, "unknown flag `" + word + "`" +
                                          (near.empty() ? "" : ": did you mean `" + near + "`?"));
}

std::vector<Flags::Info> Flags::list() const {
  std::vector<Info> infos;
  for (const CLI::Option* option : parser_->options) {
    Info info;
    info.argument = option->get_positional();
    info.takes_value = info.argument || option->get_items_expected_max() > 0;
    if (info.argument) info.names.push_back(option->get_name(true));
    for (const std::string& name : option->get_snames())
      info.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames())
      info.names.push_back("--" + name);
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace rayctl
