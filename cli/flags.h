#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// The flags and arguments of one verb, bound to the fields of its flags struct. The only file
/// that knows CLI11. `names` are comma-separated ("-y,--yes"). Every flag with a long name can also
/// be set by the variable RAYCTL_<NAME> ("RAYCTL_LOCK_TIMEOUT"); the command line wins. What a flag
/// means is said once, in the verb's .md. The bound fields must outlive the object.
class Flags {
 public:
  /// What completion and the tests of the help texts need to know of a flag.
  struct Info {
    std::vector<std::string> names;  ///< with dashes; an argument has its name without
    bool takes_value = false;
    bool argument = false;
    bool operator==(const Info&) const = default;
  };

  Flags();
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  void flag(const std::string& names, bool& target);
  void value(const std::string& names, std::string& target);
  void value(const std::string& names, int& target);
  void value(const std::string& names, std::optional<int>& target);
  /// May be given several times.
  void values(const std::string& names, std::vector<std::string>& target);
  /// "90", "90s", "5m", "1h"; "250ms".
  void duration(const std::string& names, Millis& target);
  /// Taken because Ray's command takes it; has no effect here. Not mirrored by a variable.
  void ignored(const std::string& names, bool takes_value = false);
  /// Positional, in the order of the calls.
  void argument(const std::string& name, std::string& target, bool required = true);
  /// All further positional words; those after "--" are never read as flags.
  void arguments(const std::string& name, std::vector<std::string>& target);
  /// The two (by long name) cannot be given together.
  void exclusive(const std::string& one, const std::string& other);

  /// Fills the bound fields. False: -h or --help was among the words. kUsage names what is wrong,
  /// with the nearest flag's name where one was misspelled.
  Result<bool> parse(const std::vector<std::string>& words);

  /// In the order of declaration, without --help.
  std::vector<Info> list() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// What `duration` flags accept; nullopt for anything else.
std::optional<Millis> parse_duration(const std::string& text);

}  // namespace rayctl
