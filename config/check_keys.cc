#include "config/check_keys.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace rayctl {
namespace {

std::string ticked(const std::string& word) {
  return "`" + word + "`";
}

bool is_whole(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::isfinite(value.get<double>()) &&
         std::trunc(value.get<double>()) == value.get<double>();
}

/// What a value should have been, and how to write it.
struct Wanted {
  const char* what;
  const char* remedy;
};

Wanted wanted(KeyType type) {
  switch (type) {
    case KeyType::kString:
      return {"text", "put it in quotes if it is meant as text"};
    case KeyType::kInt:
      return {"a whole number", "write a number without quotes or fraction"};
    case KeyType::kNumber:
      return {"a number", "write a number without quotes"};
    case KeyType::kBool:
      return {"true or false", "write true or false"};
    case KeyType::kScalar:
      return {"a single value", "write one value on this line"};
    case KeyType::kStrings:
    case KeyType::kList:
    case KeyType::kRecords:
      return {"a list", "begin each item with `- `, or write [] for none"};
    default:
      return {"a map", "write `key: value` lines below it, or {} for none"};
  }
}

void wrong_type(const Yaml& value, KeyType type, const std::string& in, Findings& findings) {
  Wanted want = wanted(type);
  if (value.is_null()) {
    findings.error(value.where, in + " is empty, but must be " + want.what,
                   std::string("remove the key, or ") + want.remedy);
  } else {
    findings.error(value.where, in + " is " + kind_in_words(value) + ", but must be " + want.what,
                   want.remedy);
  }
}

void check_number(const Yaml& value, const Key& key, const std::string& in, Findings& findings) {
  bool whole = key.type == KeyType::kInt;
  if (value.kind != Yaml::Kind::kScalar || !value.scalar.is_number() ||
      (whole && !is_whole(value.scalar))) {
    wrong_type(value, whole ? KeyType::kInt : KeyType::kNumber, in, findings);
    return;
  }
  double number = value.scalar.get<double>();
  if (!std::isfinite(number)) {
    findings.error(value.where, in + " is not a finite number", "write a number");
  } else if (number < key.least) {
    std::string least = Json(static_cast<long long>(key.least)).dump();
    findings.error(value.where, in + " is " + value.scalar.dump() + ", below " + least,
                   "write " + least + " or more");
  } else if (number > key.most) {
    std::string most =
        whole ? Json(static_cast<long long>(key.most)).dump() : Json(key.most).dump();
    findings.error(value.where, in + " is " + value.scalar.dump() + ", above " + most,
                   "write " + most + " or less");
  } else if (whole && number > 1e9) {
    findings.error(value.where, in + " is " + value.scalar.dump() + ", which is too large",
                   "write a smaller number");
  }
}

void check_string(const Yaml& value, const Key& key, const std::string& in, Findings& findings) {
  if (!value.is_string()) {
    wrong_type(value, KeyType::kString, in, findings);
    return;
  }
  const auto& text = value.scalar.get_ref<const std::string&>();
  if (key.one_of.empty() ||
      std::find(key.one_of.begin(), key.one_of.end(), text) != key.one_of.end())
    return;
  std::string near = nearest(text, key.one_of);
  findings.error(value.where, in + " is " + ticked(text),
                 near.empty() ? "write one of: " + join(key.one_of, ", ")
                              : "did you mean " + ticked(near) + "?");
}

void check_scalar(const Yaml& value, const std::string& in, Findings& findings) {
  if (value.kind != Yaml::Kind::kScalar || value.is_null())
    wrong_type(value, KeyType::kScalar, in, findings);
}

/// Every value of a map from the user's own names, against `one`.
void check_values(const Yaml& value, const Key& key, KeyType one, const std::string& in,
                  Findings& findings) {
  if (!value.is_map()) {
    wrong_type(value, KeyType::kMap, in, findings);
    return;
  }
  Key each = key;
  each.type = one;
  for (const Yaml::Entry& entry : value.entries)
    check_key(entry.value, each, ticked(entry.key) + " of " + in, findings);
}

void check_strings(const Yaml& value, const std::string& in, Findings& findings) {
  if (!value.is_list()) {
    wrong_type(value, KeyType::kStrings, in, findings);
    return;
  }
  for (const Yaml& item : value.items) {
    if (item.is_string()) continue;
    findings.error(item.where,
                   "an item of " + in + " is " + kind_in_words(item) + ", but must be text",
                   item.is_map() ? "put the whole line in quotes: a `: ` in it makes it a map"
                                 : "put it in quotes");
  }
}

void unknown_key(const Yaml::Entry& entry, const Record& record, const std::string& in,
                 Findings& findings) {
  std::string near = nearest(entry.key, record.names());
  std::string remedy = "did you mean " + ticked(near) + "?";
  if (near.empty()) {
    std::vector<std::string> names = record.names();
    remedy = names.size() > 12 || names.empty() ? "remove it" : "it may have: " + join(names, ", ");
  }
  findings.error(entry.where, "unknown key " + ticked(entry.key) + (in.empty() ? "" : " in " + in),
                 remedy);
}

}  // namespace

void check_key(const Yaml& value, const Key& key, const std::string& in, Findings& findings) {
  if (key.nullable && value.is_null()) return;
  switch (key.type) {
    case KeyType::kAny:
      return;
    case KeyType::kString:
      return check_string(value, key, in, findings);
    case KeyType::kInt:
    case KeyType::kNumber:
      return check_number(value, key, in, findings);
    case KeyType::kBool:
      if (value.kind != Yaml::Kind::kScalar || !value.scalar.is_boolean())
        wrong_type(value, key.type, in, findings);
      return;
    case KeyType::kScalar:
      return check_scalar(value, in, findings);
    case KeyType::kStrings:
      return check_strings(value, in, findings);
    case KeyType::kList:
      if (!value.is_list()) wrong_type(value, key.type, in, findings);
      return;
    case KeyType::kMap:
      if (!value.is_map()) wrong_type(value, key.type, in, findings);
      return;
    case KeyType::kRecord:
      if (!value.is_map()) return wrong_type(value, key.type, in, findings);
      return check_record(value, *key.record(), in, findings);
    case KeyType::kRecords:
      if (key.or_one && value.is_map()) return check_record(value, *key.record(), in, findings);
      if (!value.is_list())
        return wrong_type(value, key.or_one ? KeyType::kMap : key.type, in, findings);
      for (const Yaml& item : value.items) {
        Key one = key;
        one.type = KeyType::kRecord;
        check_key(item, one, in, findings);
      }
      return;
    case KeyType::kRecordOf:
      return check_values(value, key, KeyType::kRecord, in, findings);
    case KeyType::kStringOf:
      return check_values(value, key, KeyType::kString, in, findings);
    case KeyType::kNumberOf:
      return check_values(value, key, KeyType::kNumber, in, findings);
    case KeyType::kScalarOf:
      return check_values(value, key, KeyType::kScalar, in, findings);
  }
}

void check_record(const Yaml& map, const Record& record, const std::string& in,
                  Findings& findings) {
  for (const Yaml::Entry& entry : map.entries) {
    if (const Key* key = record.find(entry.key)) {
      check_key(entry.value, *key, ticked(entry.key) + (in.empty() ? "" : " of " + in), findings);
    } else if (!record.open) {
      unknown_key(entry, record, in, findings);
    }
  }
  for (const Key& key : record.keys) {
    if (key.required && !map.find(key.name)) {
      findings.error(map.where, ticked(key.name) + " is missing" + (in.empty() ? "" : " in " + in),
                     "add it: " + key.about);
    }
  }
}

}  // namespace rayctl
