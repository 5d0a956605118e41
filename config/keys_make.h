#pragma once
#include "config/keys.h"

/// Short ways to write a row of a key table; for the keys*.cc files only.
namespace rayctl::make {

inline Key row(std::string name, KeyType type, std::string about) {
  Key key;
  key.name = std::move(name);
  key.type = type;
  key.about = std::move(about);
  return key;
}
inline Key text(std::string name, std::string about) {
  return row(std::move(name), KeyType::kString, std::move(about));
}
inline Key whole(std::string name, std::string about, double least = 0) {
  Key key = row(std::move(name), KeyType::kInt, std::move(about));
  key.least = least;
  return key;
}
inline Key number(std::string name, std::string about, double least = 0) {
  Key key = row(std::move(name), KeyType::kNumber, std::move(about));
  key.least = least;
  return key;
}
inline Key yes_no(std::string name, std::string about) {
  return row(std::move(name), KeyType::kBool, std::move(about));
}
inline Key texts(std::string name, std::string about) {
  return row(std::move(name), KeyType::kStrings, std::move(about));
}
inline Key list(std::string name, std::string about) {
  return row(std::move(name), KeyType::kList, std::move(about));
}
inline Key map(std::string name, std::string about) {
  return row(std::move(name), KeyType::kMap, std::move(about));
}
inline Key any(std::string name, std::string about) {
  return row(std::move(name), KeyType::kAny, std::move(about));
}
inline Key record(std::string name, const Record* (*record)(), std::string about) {
  Key key = row(std::move(name), KeyType::kRecord, std::move(about));
  key.record = record;
  return key;
}
inline Key records(std::string name, const Record* (*record)(), std::string about) {
  Key key = row(std::move(name), KeyType::kRecords, std::move(about));
  key.record = record;
  return key;
}
inline Key record_of(std::string name, const Record* (*record)(), std::string about) {
  Key key = row(std::move(name), KeyType::kRecordOf, std::move(about));
  key.record = record;
  return key;
}
inline Key one_of(std::string name, std::vector<std::string> values, std::string about) {
  Key key = row(std::move(name), KeyType::kString, std::move(about));
  key.one_of = std::move(values);
  return key;
}
inline Key nullable(Key key) {
  key.nullable = true;
  return key;
}
inline Key required(Key key) {
  key.required = true;
  return key;
}

}  // namespace rayctl::make
