#pragma once
#include <string>

namespace rayctl {

/// A key and its certificate, as PEM.
struct TestIdentity {
  std::string certificate, key;
};

/// One that signs others; nobody trusts it who is not told to.
TestIdentity make_test_ca(const std::string& name = "test-ca");
/// One signed by `ca`, of the common name `name`; `names`: "IP:127.0.0.1" and the like, or "".
TestIdentity make_test_identity(const TestIdentity& ca, const std::string& name,
                                const std::string& names);

}  // namespace rayctl
