#pragma once
#include <string>

#include "model/manifest.h"

namespace rayctl {

// What was delivered for a mount, as the node keeps it: a log, so that a small change is a small
// addition. Records end with "\n" and NUL: a path may hold any byte but NUL, and a record that was
// cut is told from a whole one. After the header "rayctl-mount 2", in the order in which they
// happened:
//   f MODE SIZE DIGEST PATH    a file is there        l SIZE DIGEST PATH   a link is there
//   d MODE PATH                a folder is there      x PATH               what was there is gone
//   ? PATH, + PATH             a delivery was begun that puts a file or link, or a folder there
//   = DIGEST                   all of a manifest is there, and nothing else of ours
// Rule: another number is another format, and is read as "nothing known", so that all is sent anew.

struct Delivered {
  /// Sorted. What a broken delivery may have left has the content "?".
  Manifest manifest;
  bool readable = false;  ///< false: no such log; it must be begun anew
  bool complete = false;  ///< the last delivery was not cut
};

std::string delivered_header();
std::string delivered_entry(const ManifestEntry& entry);
std::string delivered_gone(const std::string& path);
std::string delivered_begun(const ManifestEntry& entry);
std::string delivered_whole(const Digest& digest);
Delivered parse_delivered(const std::string& text);

inline constexpr char kUnknownContent[] = "?";

}  // namespace rayctl
