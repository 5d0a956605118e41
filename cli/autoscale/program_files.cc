#include "cli/autoscale/program_files.h"

#include <link.h>
#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "net/surroundings.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

/// What getpwnam() loads where /etc/nsswitch.conf says "compat", as older distributions do.
constexpr char kCompat[] = "libnss_compat.so.2";

// `here` is the folder as it was named, so that a link to it works too.
constexpr char kRun[] = R"sh(#!/bin/sh
here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 1
exec "$here/ld.so" --inhibit-cache --library-path "$here" "$here/rayctl" "$@"
)sh";

/// The file that is mapped where `address` lies. Not /proc/self/exe: that is the loader where the
/// loader was started with the program as its argument.
fs::path file_at(std::uintptr_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    const char* text = line.data();
    const char* last = line.data() + line.size();
    const auto first = std::from_chars(text, last, begin, 16);
    if (first.ec != std::errc{} || first.ptr == last) continue;
    if (std::from_chars(first.ptr + 1, last, end, 16).ec != std::errc{}) continue;
    const std::size_t path = line.find('/');
    if (address >= begin && address < end && path != std::string::npos) return line.substr(path);
  }
  return {};
}

struct Loaded {
  std::string interpreter;                        // what the program names as its loader
  std::map<std::string, std::uintptr_t> objects;  // where each shared object lies, by name
};

int note(dl_phdr_info* info, std::size_t, void* into) {
  Loaded& loaded = *static_cast<Loaded*>(into);
  std::uintptr_t begin = 0;
  for (int i = info->dlpi_phnum; i-- > 0;) {
    const auto& header = info->dlpi_phdr[i];
    if (header.p_type == PT_LOAD) begin = info->dlpi_addr + header.p_vaddr;
    // The C library names one too; the program comes first.
    if (header.p_type != PT_INTERP || !loaded.interpreter.empty()) continue;
    loaded.interpreter =
        reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);  // NOLINT: ELF
  }
  const std::string name = fs::path(info->dlpi_name).filename();
  if (!name.empty()) loaded.objects.emplace(name, begin);
  return 0;
}

std::map<std::string, fs::path> all_of(const ProgramFiles& files) {
  std::map<std::string, fs::path> all = files.libraries;
  all[kProgramFile] = files.program;
  all[kLoaderFile] = files.loader;
  return all;
}

}  // namespace

Result<ProgramFiles> running_program() {
  Loaded loaded;
  ::dl_iterate_phdr(note, &loaded);
  ProgramFiles files;
  files.program =
      file_at(reinterpret_cast<std::uintptr_t>(&running_program));  // NOLINT: an address
  utsname system{};
  ::uname(&system);
  files.machine = system.machine;
  const std::string loader = fs::path(loaded.interpreter).filename();
  for (const auto& [name, address] : loaded.objects) {
    const fs::path path = file_at(address);
    if (path.empty() || path == files.program) continue;  // the kernel's own object has no file
    std::error_code ignored;
    if (name == loader || name == kLoaderFile) {
      files.loader = path;
    } else if (!name.starts_with("libnss_")) {
      files.libraries[name] = path;
    }
    const fs::path compat = path.parent_path() / kCompat;
    if (name.starts_with("libc.so") && fs::exists(compat, ignored))
      files.libraries[kCompat] = compat;
  }
  if (files.program.empty() || files.loader.empty()) {
    return permanent(ErrorCode::kNotSupported,
                     "this rayctl cannot tell which files it runs from, so it cannot be sent");
  }
  return files;
}

Result<Digest> program_digest(const ProgramFiles& files) {
  std::string sums = files.machine + kRun;
  for (const auto& [name, path] : all_of(files)) {
    Result<std::string> bytes = read_file(path);
    if (!bytes) return bytes.error();
    sums += "\n" + name + " " + sha256_hex(*bytes);
  }
  return Digest{short_digest(sums)};
}

Result<> copy_program(const ProgramFiles& files, const fs::path& folder) {
  if (Result<> made = make_directories(folder.parent_path()); !made) return made;
  const fs::path unfinished = folder.string() + ".new-" + random_hex(4);
  if (Result<> made = make_directories(unfinished); !made) return made;
  std::error_code error;
  for (const auto& [name, from] : all_of(files)) {
    const fs::path to = unfinished / name;
    if (!fs::copy_file(from, to, error)) break;
    fs::permissions(to, fs::perms::owner_all, error);
    if (error) break;
  }
  if (error) {
    fs::remove_all(unfinished);
    return permanent(ErrorCode::kIo,
                     "cannot copy the program to " + folder.string() + ": " + error.message());
  }
  if (Result<> run = write_file_atomic(unfinished / kRunFile, kRun, 0700); !run) return run;
  const std::string trusted = certificates("", {});
  if (const Result<std::string> text = trusted.empty() ? std::string() : read_file(trusted);
      text && !text->empty()) {
    if (Result<> put = write_file_atomic(unfinished / kCertificatesFile, *text); !put) return put;
  }
  fs::rename(unfinished, folder, error);
  const bool there = !error || fs::exists(folder / kRunFile);  // another one was faster
  if (error) fs::remove_all(unfinished);
  if (there) return {};
  return permanent(ErrorCode::kIo, "cannot make " + folder.string() + ": " + error.message());
}

std::vector<std::string> program_argv(const std::string& folder) {
  return {folder + "/" + kLoaderFile, "--inhibit-cache", "--library-path", folder,
          folder + "/" + kProgramFile};
}

}  // namespace rayctl
