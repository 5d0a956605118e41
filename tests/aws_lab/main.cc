#include "tests/support/lab_main.h"

// In the AWS lab, where instances begin and end at once, as far as they ever do.
int main(int argc, char** argv) {
  ::setenv("AWSLAB_PENDING", "0.05", 1);
  ::setenv("AWSLAB_LEAVING", "0.05", 1);
  return rayctl::main_in_lab(argc, argv, "AWSLAB", "fixtures/awslab/awslab.sh", {"run"});
}
