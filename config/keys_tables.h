#pragma once
#include <initializer_list>

#include "config/keys_make.h"

/// The tables of single providers, for keys_providers.cc.
namespace rayctl {

const Record* aws_record();
const Record* aws_node_record();
const Record* gcp_record();
const Record* gcp_node_record();
const Record* kubernetes_record();
const Record* kubernetes_node_record();

namespace make {

/// Rows for fields that the provider's own manual explains.
std::vector<Key> fields(KeyType type, std::initializer_list<const char*> names);
/// One table of several parts.
Record table(std::initializer_list<std::vector<Key>> parts);
/// What Ray reads in any provider section.
std::vector<Key> common_provider_keys();

}  // namespace make
}  // namespace rayctl
