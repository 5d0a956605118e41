#include <array>
#include <charconv>

#include "model/codec_fields.h"

namespace rayctl {

namespace codec {

namespace {

/// Writes JSON text. The text comes first and the tree from it: a plan of 10,000 nodes would be
/// hundreds of megabytes as a tree.
class Writer {
 public:
  std::string take() { return std::move(out_); }

  void write(const std::string& text) {
    for (const char c : text) {
      if (c < ' ' || c == '"' || c == '\\') {  // beyond ASCII is negative
        out_ += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
        return;
      }
    }
    out_ += '"';
    out_ += text;
    out_ += '"';
  }
  void write(bool value) { out_ += value ? "true" : "false"; }
  template <std::integral T>
  void write(T value) {
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
    out_.append(text.data(), end.ptr);
  }
  void write(double value) { out_ += Json(value).dump(); }
  void write(const Json& json) {
    out_ += json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  template <class Tag>
  void write(const Name<Tag>& name) {
    write(name.text);
  }
  void write(Time time) { write(format_time(time)); }
  void write(Millis duration) { write(duration.count()); }
  void write(ErrorCode code) { write(code_text(code)); }
  template <Words E>
  void write(E value) {
    const auto at = static_cast<std::size_t>(value);
    write(std::string(at < kWords<E>.size() ? kWords<E>[at] : "unknown"));
  }
  template <class T>
  void write(const std::optional<T>& value) {
    if (value) {
      write(*value);
    } else {
      out_ += "null";
    }
  }
  template <class T>
  void write(const std::vector<T>& list) {
    const char* separator = "";
    out_ += '[';
    for (const T& each : list) {
      out_ += separator;
      write(each);
      separator = ",";
    }
    out_ += ']';
  }
  template <class K, class V>
  void write(const std::map<K, V>& map) {
    const char* separator = "";
    out_ += '{';
    for (const auto& [key, value] : map) {
      out_ += separator;
      write(key);
      out_ += ':';
      write(value);
      separator = ",";
    }
    out_ += '}';
  }
  template <Record T>
  void write(const T& record) {
    out_ += '{';
    write_fields(record);
    out_ += '}';
  }
  void write(const Action& action) {
    out_ += '{';
    std::visit([this](const auto& what) { write_fields(what); }, action);
    out_ += ",\"verb\":\"";
    out_ += verb_of(action);
    out_ += "\"}";
  }

 private:
  template <class T>
  void write_fields(const T& record) {
    const char* separator = "\"";
    const auto one = [&](const auto& field) {
      out_ += separator;
      out_ += field.key;
      out_ += "\":";
      if constexpr (requires { field.member; }) {
        write(record.*field.member);
      } else {
        write(std::string(field.value));
      }
      separator = ",\"";
    };
    std::apply([&](const auto&... fields) { (one(fields), ...); }, kFields<T>);
  }

  std::string out_;
};

template <class T>
std::string text_of(const T& value) {
  Writer writer;
  writer.write(value);
  return writer.take();
}

}  // namespace

std::string code_text(ErrorCode code) {
  std::string digits = std::to_string(static_cast<int>(code));
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return "RAYCTL-" + digits;
}

}  // namespace codec

using codec::text_of;

std::string encode(const Snapshot& snapshot) {
  return text_of(snapshot);
}
std::string encode(const Plan& plan) {
  return text_of(plan);
}
std::string encode(const Action& action) {
  return text_of(action);
}
std::string encode(const std::vector<LaunchAttempt>& attempts) {
  return text_of(attempts);
}
std::string encode(const ResourceRecord& record) {
  return text_of(record);
}

Json to_json(const SpecDigests& digests) {
  return Json::parse(text_of(digests));
}
Json to_json(const NodeSpec& spec) {
  return Json::parse(text_of(spec));
}
Json to_json(const Action& action) {
  return Json::parse(text_of(action));
}
Json to_json(const NodeRecord& record) {
  return Json::parse(text_of(record));
}
Json to_json(const OpenOp& op) {
  return Json::parse(text_of(op));
}
Json to_json(const Snapshot& snapshot) {
  return Json::parse(text_of(snapshot));
}
Json to_json(const Step& step) {
  return Json::parse(text_of(step));
}
Json to_json(const Plan& plan) {
  return Json::parse(text_of(plan));
}
Json to_json(const CloudNode& node) {
  return Json::parse(text_of(node));
}

Json to_json(const Error& error) {
  const ErrorCodeInfo& info = error_code_info(error.code);
  return {{"code", codec::code_text(error.code)},
          {"context", error.context},
          {"message", error.message},
          {"remedy", std::string(info.remedy)}};
}

const char* to_text(Reason reason) {
  return codec::kWords<Reason>.at(static_cast<std::size_t>(reason));
}
const char* to_text(Power power) {
  return codec::kWords<Power>.at(static_cast<std::size_t>(power));
}
const char* to_text(Phase phase) {
  return codec::kWords<Phase>.at(static_cast<std::size_t>(phase));
}

}  // namespace rayctl
