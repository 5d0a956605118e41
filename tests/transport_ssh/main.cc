#include "tests/support/lab_main.h"

#ifndef RAYCTL_LAB_NODES
#define RAYCTL_LAB_NODES "2"
#endif

// In the host lab: so many machines, and one that only the first can reach.
int main(int argc, char** argv) {
  return rayctl::main_in_lab(argc, argv, "HOSTLAB", "fixtures/hostlab/hostlab.sh",
                             {"run", "-n", RAYCTL_LAB_NODES, "-p", "1"});
}
