#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/tags.h"

namespace rayctl::gcp {

// Labels of Compute Engine and of Cloud TPU hold at most 63 of a-z, 0-9, "_" and "-" (letters of
// other scripts aside), where our tags hold more. Ray writes its tags as they are, so what a label
// can hold stays as it is and is read by Ray; the rest is written in base32 below the tag's key and
// "-b32", in as many labels as it takes.

using Labels = std::map<std::string, std::string>;

/// Whether a label can hold this value as it is.
bool is_label_value(const std::string& text);
/// The labels that say this tag.
Labels to_labels(const std::string& tag, const std::string& value);
Labels to_labels(const Tags& tags);
/// The tags that these labels say; labels that are nobody's tags are tags of their own.
Tags from_labels(const Labels& labels);
/// Puts tags into labels, in place of what they said of the same tags; takes the keys of `remove`
/// out.
void change_labels(Labels& labels, const Tags& set, const std::vector<std::string>& remove);
/// A filter of a list that finds what says this tag: `labels.ray-cluster-name = demo`.
std::string label_filter(const std::string& tag, const std::string& value);

}  // namespace rayctl::gcp
