#include "autoscaler/codec_fields.h"
#include "model/codec_document.h"
#include "model/codec_writer.h"

namespace rayctl {
namespace {

constexpr codec::Document kDocument{"autoscaler memory", kTickFormat, ErrorCode::kStateCorrupt,
                                    ErrorCode::kStateTooNew};

}  // namespace

Json to_json(const Memory& memory) {
  return Json::parse(codec::text_of(memory));
}

Result<Memory> memory_from_json(const Json& json) {
  if (Result<> version = codec::check_version(json, kDocument); !version) return version.error();
  return codec::read_as<Memory>(json, kDocument);
}

}  // namespace rayctl
