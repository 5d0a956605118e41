#include "tests/support/lab_main.h"

// Beside a Docker of their own (fixtures/docker/docker.sh). Where it cannot start, they fail.
int main(int argc, char** argv) {
  return rayctl::main_in_lab(argc, argv, "RAYCTL_DOCKER", "fixtures/docker/docker.sh", {"run"});
}
