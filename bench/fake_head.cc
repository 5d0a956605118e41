// fake_head PORT < NODES: Ray's control service on that port of loopback, with a node alive for
// each line "ID ADDRESS TYPE", until its standard input ends. Says "ready" once it listens; an
// empty line ends the nodes.
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "tests/support/ray/gcs_server.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  rayctl::testing::GcsServer server("", std::atoi(argv[1]));
  std::string line;
  int count = 0;
  while (std::getline(std::cin, line) && !line.empty()) {
    std::istringstream words(line);
    std::string id, address, type;
    words >> id >> address >> type;
    rayctl::RayNode node{.node_id = std::to_string(++count), .idle = true, .ip = address};
    node.type = type;
    server.put(id, node);
  }
  std::cout << "ready" << std::endl;
  while (std::getline(std::cin, line)) {
  }
}
