#pragma once
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/files.h"
#include "providers/aws/profiles.h"

namespace rayctl::aws {

/// A person's folder with the AWS tools' files, gone with the object.
class Home {
 public:
  Home() {
    std::string pattern = (std::filesystem::temp_directory_path() / "aws-home-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    (void)make_directories(path_ / ".aws" / "sso" / "cache");
  }
  ~Home() { std::filesystem::remove_all(path_); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  void config(const std::string& text) const { write(".aws/config", text); }
  void credentials(const std::string& text) const { write(".aws/credentials", text); }
  void write(const std::string& file, const std::string& text) const {
    if (!write_file_atomic(path_ / file, text)) std::abort();
  }
  std::string path(const std::string& file) const { return (path_ / file).string(); }
  Environment env() const {
    return {{"HOME", path_.string()}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  }

 private:
  std::filesystem::path path_;
};

}  // namespace rayctl::aws
