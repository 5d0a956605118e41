#include "config/reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <unordered_map>

#include "config/source_text.h"
#include "config/yaml_scalar.h"

namespace rayctl {
namespace {

/// Ends reading early; what is wrong is in the findings.
struct Stop {};

/// Turns yaml-cpp's events into a Yaml tree.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& text, Findings& findings) : text_(text), findings_(findings) {}

  std::optional<Yaml> take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    count(mark, 1);
    Yaml value;
    value.where = text_.place(mark.line, mark.column, "");
    done(std::move(value), anchor, 1);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    count(mark, 1);
    Yaml value;
    value.where = text_.place(mark.line, mark.column, text);
    bool plain = tag == "?" || tag.empty();
    if (plain) {
      merge_key_ = text == "<<";
      value.scalar = yaml_scalar(text);
    } else if (tag == "!") {
      value.scalar = text;
      if (!text_.quote_closes(mark.line, mark.column)) {
        findings_.error(value.where, "a quote is never closed", "close it with the same quote");
        throw Stop{};
      }
    } else if (std::optional<Json> typed = yaml_tagged_scalar(tag, text)) {
      value.scalar = *typed;
    } else {
      odd_tag(value.where, tag);
      value.scalar = text;
    }
    done(std::move(value), anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Source where = text_.place(mark.line, mark.column, "");
    auto known = anchors_.find(anchor);
    if (known == anchors_.end()) {
      findings_.error(where, "an alias stands inside the very thing that it names",
                      "write the value out, or move the anchor (&name)");
      throw Stop{};
    }
    count(mark, known->second.size);
    done(known->second.value, YAML::NullAnchor, known->second.size);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    begin(mark, tag, anchor, Yaml::Kind::kList, "tag:yaml.org,2002:seq");
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    begin(mark, tag, anchor, Yaml::Kind::kMap, "tag:yaml.org,2002:map");
  }
  void OnMapEnd() override { end(); }

 private:
  struct Known {
    Yaml value;
    int size = 0;
  };
  struct Open {
    Yaml value;
    YAML::anchor_t anchor = YAML::NullAnchor;
    int size = 1;
    bool has_key = false;  ///< the next value belongs to `key`
    bool merge = false;    ///< `key` is `<<`
    bool skip = false;     ///< `key` is none; its value is dropped
    Yaml::Entry key;
    std::unordered_map<std::string, std::size_t> seen;  ///< key -> place in value.entries
    std::vector<Yaml> merges;
  };

  void count(const YAML::Mark& mark, int more) {
    count(text_.place(mark.line, mark.column, ""), more);
  }
  void count(const Source& where, int more) {
    nodes_ += more;
    if (nodes_ <= kMostNodes) return;
    findings_.error(where, "the file holds more than 100,000 values once aliases are expanded",
                    "a cluster needs a few hundred: look for an alias (*name) that repeats others");
    throw Stop{};
  }

  void odd_tag(const Source& where, const std::string& tag) {
    constexpr std::string_view prefix = "tag:yaml.org,2002:";
    std::string name = tag.starts_with(prefix) ? "!!" + tag.substr(prefix.size()) : tag;
    findings_.error(where, "the tag `" + name + "` does not fit this value",
                    "remove the tag and write the value plainly");
  }

  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Yaml::Kind kind,
             const char* own_tag) {
    count(mark, 1);
    Open open;
    open.value.kind = kind;
    open.value.where = text_.place(mark.line, mark.column, "");
    open.anchor = anchor;
    if (open_.size() >= static_cast<std::size_t>(kMostDepth)) {
      findings_.error(open.value.where, "lists and maps are nested more than 100 deep",
                      "look for brackets that are never closed");
      throw Stop{};
    }
    if (!tag.empty() && tag != "?" && tag != "!" && tag != own_tag) odd_tag(open.value.where, tag);
    open_.push_back(std::move(open));
  }

  void end() {
    Open open = std::move(open_.back());
    open_.pop_back();
    merge_into(open);
    done(std::move(open.value), open.anchor, open.size);
  }

  /// The keys of `<<` that the map does not set itself; among several the first wins.
  void merge_into(Open& open) {
    for (Yaml& from : open.merges) {
      for (Yaml::Entry& each : from.entries) {
        if (open.seen.emplace(each.key, open.value.entries.size()).second) {
          open.value.entries.push_back(std::move(each));
        }
      }
    }
  }

  void done(Yaml value, YAML::anchor_t anchor, int size) {
    bool is_merge_key = std::exchange(merge_key_, false);
    if (anchor != YAML::NullAnchor) {
      count(value.where, size);
      anchors_[anchor] = {value, size};
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& open = open_.back();
    open.size += size;
    if (open.value.is_list()) {
      open.value.items.push_back(std::move(value));
    } else if (!open.has_key) {
      set_key(open, value, is_merge_key);
    } else {
      set_value(open, std::move(value));
    }
  }

  void set_key(Open& open, const Yaml& key, bool is_merge_key) {
    open.has_key = true;
    open.merge = is_merge_key;
    open.skip = key.kind != Yaml::Kind::kScalar;
    open.key.where = key.where;
    if (!open.skip) {
      open.key.key = key.is_string() ? key.scalar.get<std::string>() : key.scalar.dump();
    } else {
      findings_.error(key.where, "a key is " + kind_in_words(key),
                      "a key must be a word, or be quoted");
    }
  }

  void set_value(Open& open, Yaml value) {
    open.has_key = false;
    if (open.skip) return;
    if (value.is_null()) value.where = open.key.where;
    if (open.merge) {
      add_merge(open, std::move(value));
      return;
    }
    auto [at, fresh] = open.seen.emplace(open.key.key, open.value.entries.size());
    if (fresh) {
      open.value.entries.push_back({open.key.key, open.key.where, std::move(value)});
      return;
    }
    Yaml::Entry& first = open.value.entries[at->second];
    findings_.error(open.key.where, "key `" + open.key.key + "` stands here a second time",
                    "keep one; the first is on line " + std::to_string(first.where.line));
  }

  void add_merge(Open& open, Yaml value) {
    bool fits = value.is_map();
    if (value.is_list()) {
      fits = true;
      for (const Yaml& each : value.items)
        fits = fits && each.is_map();
    }
    if (!fits) {
      findings_.error(open.key.where, "`<<` merges maps, but this is " + kind_in_words(value),
                      "name the anchor of a map, such as `<<: *base`");
      return;
    }
    if (value.is_map()) {
      open.merges.push_back(std::move(value));
    } else {
      for (Yaml& each : value.items)
        open.merges.push_back(std::move(each));
    }
  }

  const SourceText& text_;
  Findings& findings_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Known> anchors_;
  std::optional<Yaml> root_;
  int nodes_ = 0;
  bool merge_key_ = false;
};

/// Notices that a second document begins, and where.
class SecondDocument final : public YAML::EventHandler {
 public:
  explicit SecondDocument(std::optional<YAML::Mark>& mark) : mark_(mark) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    mark_ = mark;
    throw Stop{};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*text*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

 private:
  std::optional<YAML::Mark>& mark_;
};

bool has_second_document(YAML::Parser& parser, const SourceText& text, Findings& findings) {
  std::optional<YAML::Mark> mark;
  SecondDocument second(mark);
  try {
    return parser.HandleNextDocument(second);
  } catch (const Stop&) {
    findings.error(text.place(mark->line, mark->column, ""), "a second YAML document begins here",
                   "one file describes one cluster: remove the `---` or split the file");
    return true;
  }
}

}  // namespace

std::optional<Yaml> read_yaml(std::string_view bytes, const std::string& file, Findings& findings) {
  if (bytes.size() > kMostBytes) {
    findings.error({file, 1, 1, 1}, "the file is larger than 50 MB",
                   "a cluster's YAML is a few kB: is this the right file?");
    return std::nullopt;
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  SourceText text(bytes, file);
  if (!text.check_encoding(findings) || !text.check_lines(findings)) return std::nullopt;
  TreeBuilder builder(text, findings);
  try {
    std::istringstream stream{std::string(bytes)};
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder) && has_second_document(parser, text, findings))
      return std::nullopt;
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& broken) {
    text.explain(broken.mark.line, broken.mark.column, broken.msg, findings);
    return std::nullopt;
  }
  return builder.take_root();
}

}  // namespace rayctl
