# Precompiled headers: parsing the standard library and JSON is more than half of what most files cost.
#
# rayctl_use_prelude(TARGET [tests]): TARGET's files read cmake/prelude.h (or prelude_tests.h) before all else.

# rayctl_prelude(NAME HEADER): compiles HEADER with the flags that all our targets share.
function(rayctl_prelude NAME HEADER)
  file(WRITE "${CMAKE_BINARY_DIR}/${NAME}.cc" "")
  add_library(${NAME} OBJECT "${CMAKE_BINARY_DIR}/${NAME}.cc")
  target_include_directories(${NAME} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${NAME} PRIVATE rayctl_warnings)
  target_precompile_headers(${NAME} PRIVATE "${HEADER}")
  # What ccache takes for the compiled header, which holds paths and times and is never the same twice
  # (CCACHE_PCH_EXTSUM): what went into it.
  file(GLOB parts "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/prelude*.h")
  set(content "${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_DEBUG} ${CMAKE_CXX_FLAGS_RELEASE}")
  foreach(part IN LISTS parts ITEMS "${RAYCTL_HEADER_dep_json}/nlohmann/json.hpp" "${RAYCTL_HEADER_dep_gtest}/gtest/gtest.h")
    file(SHA256 "${part}" digest)
    string(APPEND content " ${digest}")
  endforeach()
  file(WRITE "${CMAKE_BINARY_DIR}/CMakeFiles/${NAME}.dir/cmake_pch.hxx.gch.sum" "${content}\n")
endfunction()

rayctl_prelude(rayctl_prelude "${CMAKE_CURRENT_LIST_DIR}/prelude.h")
rayctl_prelude(rayctl_prelude_tests "${CMAKE_CURRENT_LIST_DIR}/prelude_tests.h")

function(rayctl_use_prelude TARGET)
  set(from rayctl_prelude)
  if("tests" IN_LIST ARGN)
    set(from rayctl_prelude_tests)
  endif()
  target_precompile_headers(${TARGET} REUSE_FROM ${from})
  # Behind a precompiled header GCC 12 no longer knows that the code of std::string is a system header's, and warns of it.
  target_compile_options(${TARGET} PRIVATE -fpch-preprocess -Wno-array-bounds -Wno-stringop-overflow
    -Wno-stringop-overread)
endfunction()
