#pragma once
#include <string>
#include <string_view>

#include "model/codec_reader.h"

namespace rayctl::codec {

/// What a document is called in messages, and the codes of its mistakes.
struct Document {
  const char* name;
  std::string_view format;
  ErrorCode unreadable, too_new;
};

/// The error for a document that is not what it should be: `path` says where (".nodes[3].type").
Error refuse(const Document& document, const std::string& path, const std::string& mistake);
/// Whether "format_version" is one that this program reads (rule: model/codec.h).
Result<> check_version(const Json& json, const Document& document);
Result<Json> parse(std::string_view text, const Document& document);

/// A value of a document, its version aside.
template <class T>
Result<T> read_as(const Json& json, const Document& document) {
  Reader reader;
  T value;
  if (!reader.read(json, value)) return refuse(document, reader.path, reader.mistake);
  return value;
}

}  // namespace rayctl::codec
