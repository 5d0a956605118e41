#pragma once
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/files.h"
#include "providers/gcp/surroundings.h"

namespace rayctl::gcp {

/// A person's folder with gcloud's files, gone with the object.
class Home {
 public:
  Home() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gcp-home-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    (void)make_directories(path_ / ".config" / "gcloud" / "configurations");
  }
  ~Home() { std::filesystem::remove_all(path_); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  void write(const std::string& file, const std::string& text) const {
    if (!write_file_atomic(path_ / file, text)) std::abort();
  }
  /// What `gcloud auth application-default login` writes.
  void login(const std::string& text) const {
    write(".config/gcloud/application_default_credentials.json", text);
  }
  /// Settings of gcloud's configuration of that name.
  void config(const std::string& name, const std::string& text) const {
    write(".config/gcloud/configurations/config_" + name, text);
  }
  std::string path(const std::string& file) const { return (path_ / file).string(); }
  /// Without a metadata server.
  Environment env() const { return {{"HOME", path_.string()}, {"NO_GCE_CHECK", "true"}}; }

 private:
  std::filesystem::path path_;
};

}  // namespace rayctl::gcp
