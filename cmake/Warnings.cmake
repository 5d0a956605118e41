# rayctl_warnings: link it (PRIVATE) to every target of our own code. Each warning is an error.
# Headers of libraries are SYSTEM and stay silent.

add_library(rayctl_warnings INTERFACE)
target_compile_options(rayctl_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror
  -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion -Wold-style-cast -Wcast-align -Wcast-qual
  -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi -Wformat=2 -Wimplicit-fallthrough -Wundef
  # Our structs give every member a default, and initializers name the ones that differ.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(rayctl_warnings INTERFACE
    -Wlogical-op -Wduplicated-cond -Wduplicated-branches
    # False in GCC 12: on operator+ of std::string (GCC bug 105651), and on std::optional and std::variant at -O2.
    -Wno-restrict -Wno-maybe-uninitialized)
endif()
