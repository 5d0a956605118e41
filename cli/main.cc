#include "cli/app.h"
#include "cli/providers.h"
#include "cli/signals.h"

int main(int argc, char** argv) {
  rayctl::end_on_signals();
  rayctl::Io io = rayctl::system_io();
  rayctl::SystemClock clock;
  const rayctl::ProviderRegistry& providers = rayctl::builtin_providers();
  rayctl::Session session{
      .io = io, .clock = clock, .providers = providers, .program = rayctl::this_program(argv[0])};
  return rayctl::run_app({argv + 1, argv + argc}, session);
}
