#include "tests/support/lab_main.h"

// In the GCP lab, where instances begin and end at once, as far as they ever do.
int main(int argc, char** argv) {
  ::setenv("GCPLAB_OPERATION", "0.05", 1);
  ::setenv("GCPLAB_PENDING", "0.05", 1);
  ::setenv("GCPLAB_LEAVING", "0.05", 1);
  return rayctl::main_in_lab(argc, argv, "GCPLAB", "fixtures/gcplab/gcplab.sh", {"run"});
}
