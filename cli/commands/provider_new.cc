#include <algorithm>
#include <cctype>
#include <filesystem>
#include <ostream>

#include "base/files.h"
#include "base/text.h"
#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "providers/python/host_text.h"

namespace rayctl {
namespace {

bool is_module_name(const std::string& name) {
  const auto fits = [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
  };
  return !name.empty() && std::islower(static_cast<unsigned char>(name.front())) != 0 &&
         std::all_of(name.begin(), name.end(), fits);
}

/// "my_cloud" -> "MyCloudProvider".
std::string class_name(const std::string& name) {
  std::string text;
  for (std::string part : split(name, '_')) {
    if (part.empty()) continue;
    part.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(part.front())));
    text += part;
  }
  return text + "Provider";
}

std::string filled(std::string text, const std::string& mark, const std::string& with) {
  for (std::size_t at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + with.size()))
    text.replace(at, mark.size(), with);
  return text;
}

class ProviderNewVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    flags.argument("NAME", name_);
    flags.value("--output", output_);
    declare_output(flags, json_, no_color_);
  }

  Result<int> run(Session& session) override {
    take_output(session, json_, no_color_);
    if (!is_module_name(name_)) {
      return permanent(ErrorCode::kUsage, "`" + name_ +
                                              "` is no name of a Python module: use small letters, "
                                              "digits and _, a letter first");
    }
    const std::filesystem::path file = output_.empty() ? name_ + ".py" : output_;
    std::error_code problem;
    if (std::filesystem::exists(file, problem)) {
      return permanent(ErrorCode::kUsage,
                       file.string() + " is there already: --output FILE names another");
    }
    const std::string module = file.stem().string();
    std::string text(python::new_provider_text());
    text = filled(std::move(text), "new_provider_name", name_);
    text = filled(std::move(text), "new_provider_module", module);
    text = filled(std::move(text), "NewProviderClass", class_name(name_));
    if (Result<> written = write_file_atomic(file, text, 0644); !written) return written.error();
    const std::string name = module + "." + class_name(name_);
    if (session.json) {
      show_json(session,
                {{"format_version", kOutputFormat}, {"file", file.string()}, {"class", name}});
      return 0;
    }
    session.io.out << file.string() << "\n";
    session.io.err << "The class works as it stands. In a cluster's YAML:\n\n"
                   << "    provider: {type: external, module: " << name << "}\n\n"
                   << "Hold it against the interface, now and after each change:\n\n"
                   << "    rayctl provider test " << name << " --config cluster.yaml\n";
    return 0;
  }

 private:
  std::string name_, output_;
  bool json_ = false, no_color_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_provider_new_verb() {
  return std::make_unique<ProviderNewVerb>();
}

}  // namespace rayctl
