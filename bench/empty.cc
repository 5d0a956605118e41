// The least that a C++ program can cost: what the start-up of rayctl is measured against.
#include <iostream>

int main() {
  std::cout << "nothing\n";
}
