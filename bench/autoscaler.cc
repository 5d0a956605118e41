// autoscaler CASE...: decides each case a few times and prints its id and the least CPU seconds
// that one decision took, as lines of JSON.
#include <algorithm>
#include <ctime>
#include <fstream>
#include <iostream>

#include "autoscaler/scheduler_case.h"

namespace {

constexpr int kRuns = 5;

double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i]);
    std::string line;
    std::getline(file, line);
    const auto one = rayctl::read_scheduler_case(line);
    if (!one) {
      std::cerr << "autoscaler: " << argv[i] << ": " << one.error().message << "\n";
      return 1;
    }
    double least = 0;
    int launches = 0;
    for (int run = 0; run < kRuns; ++run) {
      const double begun = cpu_seconds();
      const rayctl::Decision decision = decide(*one);
      const double took = cpu_seconds() - begun;
      least = run == 0 ? took : std::min(least, took);
      launches = 0;
      for (const auto& [type, count] : decision.launch)
        launches += count;
    }
    std::cout << rayctl::Json{{"id", one->id}, {"cpu_s", least}, {"launches", launches}} << "\n";
  }
}
