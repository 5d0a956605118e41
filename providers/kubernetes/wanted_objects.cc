#include "providers/kubernetes/wanted_objects.h"

#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "net/url_text.h"
#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/pod_name.h"
#include "providers/kubernetes/resource_path.h"

namespace rayctl::kubernetes {
namespace {

constexpr char kRbac[] = "rbac.authorization.k8s.io/v1";

/// A key of the provider section that holds a manifest.
struct Section {
  const char* key;
  const char* resource;
  const char* kind;
  const char* version;
  const char* plural;
};

constexpr std::array kSections = {
    Section{"autoscaler_service_account", kAccountResource, "ServiceAccount", "v1",
            "serviceaccounts"},
    Section{"autoscaler_role", kRoleResource, "Role", kRbac, "roles"},
    Section{"autoscaler_role_binding", kBindingResource, "RoleBinding", kRbac, "rolebindings"},
    Section{"services", kServiceResource, "Service", "v1", "services"},
};

/// A manifest of the file: where it stands, and what it is.
struct Written {
  const Section* section;
  std::string path;  ///< "provider.services.0"
  const Json* manifest;
};

std::vector<Written> written_in(const Config& config) {
  std::vector<Written> all;
  for (const Section& section : kSections) {
    const Json* found = find_in(config.provider_settings, {section.key});
    if (found == nullptr) continue;
    const std::string path = std::string("provider.") + section.key;
    if (!found->is_array()) {
      all.push_back({&section, path, found});
      continue;
    }
    for (std::size_t at = 0; at < found->size(); ++at)
      all.push_back({&section, path + "." + std::to_string(at), &(*found)[at]});
  }
  return all;
}

ResourceName name_of(const Written& written) {
  std::string name = written.section->resource;
  if (name == kServiceResource) name += text_at(*written.manifest, {"metadata", "name"});
  return {name};
}

/// The manifest with all that the file may leave out.
Json completed(const Written& written, const std::string& space) {
  Json manifest = *written.manifest;
  manifest["apiVersion"] = written.section->version;
  manifest["kind"] = written.section->kind;
  manifest["metadata"]["namespace"] = space;
  if (written.section->resource == std::string_view(kBindingResource)) {
    for (Json& subject : manifest["subjects"]) {
      const bool account = text_at(subject, {"kind"}) == "ServiceAccount";
      if (account && !subject.contains("namespace")) subject["namespace"] = space;
    }
  }
  return manifest;
}

class ObjectLook {
 public:
  ObjectLook(const Config& config, std::string space) : config_(config), space_(std::move(space)) {}

  std::vector<Diagnostic> all() {
    std::set<ResourceName> names;
    for (const Written& written : written_in(config_)) {
      look(written);
      if (!names.insert(name_of(written)).second)
        say(written, "metadata", "is given twice", "each object once");
    }
    return std::move(found_);
  }

 private:
  void look(const Written& written) {
    const Json& manifest = *written.manifest;
    if (!manifest.is_object()) return say(written, "", "is no manifest", "write it as for kubectl");
    if (const std::string kind = text_at(manifest, {"kind"});
        !kind.empty() && kind != written.section->kind) {
      say(written, "kind", "is " + kind, std::string("it must be ") + written.section->kind);
    }
    const std::string name = text_at(manifest, {"metadata", "name"});
    const bool service = written.section->resource == std::string_view(kServiceResource);
    if (name.empty()) {
      say(written, "metadata", "has no name", "give metadata.name");
    } else if (!is_object_name(name, service)) {
      say(written, "metadata.name", "`" + name + "` is no name of an object",
          "small letters, digits and '-', with a letter or digit at both ends");
    }
    check_space(written, "metadata.namespace", text_at(manifest, {"metadata", "namespace"}));
    const Json& subjects = list_at(manifest, {"subjects"});
    for (std::size_t at = 0; at < subjects.size(); ++at) {
      if (text_at(subjects[at], {"kind"}) != "ServiceAccount") continue;
      check_space(written, "subjects." + std::to_string(at) + ".namespace",
                  text_at(subjects[at], {"namespace"}));
    }
  }

  void check_space(const Written& written, const std::string& key, const std::string& given) {
    if (given.empty() || given == space_) return;
    say(written, key, "is " + given + ", and provider.namespace is " + space_,
        "leave it out: it is taken from provider.namespace");
  }

  void say(const Written& written, const std::string& key, const std::string& what,
           const std::string& remedy) {
    std::optional<Source> where;
    for (const std::string& path :
         {written.path, key.empty() ? written.path : written.path + "." + key}) {
      if (const auto found = config_.where.find(path); found != config_.where.end())
        where = found->second;
    }
    found_.push_back({.summary = written.path + (key.empty() ? "" : "." + key) + " " + what,
                      .remedy = remedy,
                      .where = where});
  }

  const Config& config_;
  const std::string space_;
  std::vector<Diagnostic> found_;
};

ResourceSpec spec(const Config& config, ResourceName name, Json manifest) {
  ResourceSpec result;
  result.name = std::move(name);
  result.provider = config.provider;
  result.title = text_at(manifest, {"metadata", "name"});
  result.want = std::move(manifest);
  return result;
}

}  // namespace

std::vector<ResourceSpec> wanted_objects(const Config& config, const std::string& space) {
  std::vector<ResourceSpec> wanted;
  wanted.push_back(
      spec(config, {kNamespaceResource},
           {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", space}}}}));
  for (const Written& written : written_in(config)) {
    if (!written.manifest->is_object()) continue;
    wanted.push_back(spec(config, name_of(written), completed(written, space)));
    wanted.back().needs = {{kNamespaceResource}};
    if (wanted.back().name.text != kBindingResource) continue;
    for (const ResourceSpec& before : wanted) {
      if (before.name.text == kAccountResource || before.name.text == kRoleResource)
        wanted.back().needs.push_back(before.name);
    }
  }
  return wanted;
}

std::vector<Diagnostic> object_mistakes(const Config& config, const std::string& space) {
  return ObjectLook(config, space).all();
}

std::string object_path(const ResourceName& name, const std::string& title,
                        const std::string& space) {
  if (name.text == kNamespaceResource) return "/api/v1/namespaces/" + percent_encode(title);
  for (const Section& section : kSections) {
    const std::string_view resource = section.resource;
    const bool service = resource == kServiceResource;
    if (service ? !name.text.starts_with(resource) : name.text != resource) continue;
    const std::string_view version = section.version;
    const bool core = version == "v1";
    return (core ? "/api/" : "/apis/") + std::string(version) + "/namespaces/" +
           percent_encode(space) + "/" + section.plural + "/" + percent_encode(title);
  }
  return "";
}

}  // namespace rayctl::kubernetes
