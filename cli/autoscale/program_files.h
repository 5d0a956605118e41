#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/names.h"

namespace rayctl {

/// The files that this process runs from: the program, its loader and its libraries. Together in
/// one folder they run on any Linux of the same processor, whatever C library that has.
struct ProgramFiles {
  std::filesystem::path program, loader;
  std::map<std::string, std::filesystem::path> libraries;  ///< by the name that they are asked by
  std::string machine;                                     ///< as uname -m says: "x86_64"
  bool operator==(const ProgramFiles&) const = default;
};

/// As the process itself sees them; no other program is asked. kNotSupported for a program without
/// a loader.
Result<ProgramFiles> running_program();

/// Of names and contents of all files.
Result<Digest> program_digest(const ProgramFiles& files);

/// Copies them into `folder` (made, 0700), with a script `run` that starts the program there from a
/// shell, and this machine's certificates, for machines that have none. Whole or not at all.
Result<> copy_program(const ProgramFiles& files, const std::filesystem::path& folder);

/// What runs the program of such a folder without a shell: loader, options, program. Arguments of
/// the program follow.
std::vector<std::string> program_argv(const std::string& folder);

/// Names in such a folder.
inline constexpr char kProgramFile[] = "rayctl";
inline constexpr char kLoaderFile[] = "ld.so";
inline constexpr char kRunFile[] = "run";
inline constexpr char kCertificatesFile[] = "certificates.pem";

}  // namespace rayctl
