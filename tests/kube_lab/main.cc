#include "tests/support/lab_main.h"

int main(int argc, char** argv) {
  return rayctl::main_in_lab(argc, argv, "KUBELAB", "fixtures/kubelab/kubelab.sh", {"run"});
}
