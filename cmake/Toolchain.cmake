# What every target of the tree shares: the language, the compiler cache, the linker, link options.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Paths in assertions and debug information start at the top of the tree, so the program says nothing about the
# machine that built it, and another checkout finds its objects in the compiler cache. A test that needs a folder
# of the tree asks source_dir() (tests/support/tree): __FILE__ is relative.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")

# ccache, with its data beside the project's other caches. base_dir and no hash_dir let build folders share objects.
find_program(RAYCTL_CCACHE ccache)
if(RAYCTL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  if(DEFINED ENV{RAYCTL_CACHE})
    set(_cache "$ENV{RAYCTL_CACHE}")
  elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(_cache "$ENV{XDG_CACHE_HOME}/rayctl-dev")
  else()
    set(_cache "$ENV{HOME}/.cache/rayctl-dev")
  endif()
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env "CCACHE_DIR=${_cache}/ccache" "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=true
      CCACHE_MAXSIZE=5G CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=true "${RAYCTL_CCACHE}")
endif()

find_program(RAYCTL_MOLD mold)
if(RAYCTL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # One file that runs anywhere: only the C library stays outside. Unused sections go.
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-static-libstdc++ -static-libgcc -Wl,--gc-sections -Wl,--as-needed)
endif()
