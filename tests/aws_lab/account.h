#pragma once
#include "providers/aws/aws_provider.h"
#include "tests/support/lab/lab_cloud.h"

namespace rayctl {

/// The AWS lab's account, and clients of it.
class Account : public LabCloud {
 public:
  Account();
  aws::AwsParts make();
};

}  // namespace rayctl
