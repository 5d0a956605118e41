# The libraries we link, all from Debian and all static, as targets dep_*. A missing one stops the configuration:
# `./dev setup` installs them.

include("${CMAKE_CURRENT_LIST_DIR}/Toolchain.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Protobuf.cmake")
find_package(Threads REQUIRED)

# Sets OUT to the full paths of the named static archives.
function(rayctl_archives OUT)
  set(found)
  foreach(name IN LISTS ARGN)
    find_library(RAYCTL_ARCHIVE_${name} "lib${name}.a")
    mark_as_advanced(RAYCTL_ARCHIVE_${name})
    if(NOT RAYCTL_ARCHIVE_${name})
      message(FATAL_ERROR "lib${name}.a is not installed. Run ./dev setup")
    endif()
    list(APPEND found "${RAYCTL_ARCHIVE_${name}}")
  endforeach()
  set(${OUT} "${found}" PARENT_SCOPE)
endfunction()

# Stops when HEADER, which target TARGET stands for, is not installed.
function(rayctl_need_header TARGET HEADER)
  find_path(RAYCTL_HEADER_${TARGET} "${HEADER}")
  mark_as_advanced(RAYCTL_HEADER_${TARGET})
  if(NOT RAYCTL_HEADER_${TARGET})
    message(FATAL_ERROR "<${HEADER}> is not installed. Run ./dev setup")
  endif()
endfunction()

# rayctl_dependency(TARGET HEADER archive...): a library found by one of its headers and its archives.
function(rayctl_dependency TARGET HEADER)
  rayctl_need_header(${TARGET} "${HEADER}")
  rayctl_archives(archives ${ARGN})
  add_library(${TARGET} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(${TARGET} INTERFACE ${archives} Threads::Threads)
endfunction()

rayctl_dependency(dep_json nlohmann/json.hpp)
rayctl_dependency(dep_cli11 CLI/CLI.hpp)
rayctl_dependency(dep_yaml yaml-cpp/yaml.h yaml-cpp)
rayctl_dependency(dep_sqlite SQLiteCpp/SQLiteCpp.h SQLiteCpp sqlite3)
rayctl_dependency(dep_crypto openssl/evp.h crypto)
rayctl_dependency(dep_ssl openssl/ssl.h ssl crypto)
rayctl_dependency(dep_zlib zlib.h z)
rayctl_dependency(dep_pugixml pugixml.hpp pugixml)
# With a main() for programs that have none.
rayctl_dependency(dep_gtest gtest/gtest.h gtest_main gtest)
rayctl_dependency(dep_gmock gmock/gmock.h gmock gtest)
rayctl_dependency(dep_rapidcheck rapidcheck.h rapidcheck)

# Google Benchmark is the one shared library: Debian has no archive of it, and only bench/ uses it.
rayctl_need_header(dep_benchmark benchmark/benchmark.h)
add_library(dep_benchmark INTERFACE IMPORTED GLOBAL)
find_library(RAYCTL_BENCHMARK benchmark REQUIRED)
mark_as_advanced(RAYCTL_BENCHMARK)
target_link_libraries(dep_benchmark INTERFACE "${RAYCTL_BENCHMARK}" Threads::Threads)

# gRPC from its archives: the shared libraries cost 20 ms at every start. Its archives refer to each other and to
# abseil's in circles, hence the group.
rayctl_need_header(dep_grpc grpcpp/grpcpp.h)
rayctl_archives(_grpc grpc++ grpc gpr address_sorting upb re2 cares protobuf ssl crypto z absl_base)
list(GET _grpc -1 _absl_base)
get_filename_component(_archive_dir "${_absl_base}" DIRECTORY)
file(GLOB _absl "${_archive_dir}/libabsl_*.a")
list(FILTER _absl EXCLUDE REGEX "_test_|libabsl_flags_")
add_library(dep_grpc INTERFACE IMPORTED GLOBAL)
target_link_libraries(dep_grpc INTERFACE
  -Wl,--start-group ${_grpc} ${_absl} -Wl,--end-group Threads::Threads)

include("${CMAKE_CURRENT_LIST_DIR}/Libssh2.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Libcurl.cmake")
