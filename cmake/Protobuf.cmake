# rayctl_protobuf(TARGET proto... [ROOT dir])
#
# A static library TARGET with the C++ protobuf and gRPC code of the named protocol files. Paths, and the imports
# inside the files, are relative to ROOT (by default the current source folder). `x/y.proto` becomes
# `#include "x/y.pb.h"` and `#include "x/y.grpc.pb.h"` for whoever links TARGET. The code is written into the build
# tree and compiled at -O1, with none of our warnings and no sanitizer: it is large and not ours.
function(rayctl_protobuf TARGET)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT" "")
  if(NOT arg_ROOT)
    set(arg_ROOT "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  get_filename_component(arg_ROOT "${arg_ROOT}" ABSOLUTE)
  find_program(RAYCTL_PROTOC protoc REQUIRED)
  find_program(RAYCTL_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)
  mark_as_advanced(RAYCTL_PROTOC RAYCTL_GRPC_PLUGIN)

  set(out "${CMAKE_CURRENT_BINARY_DIR}/${TARGET}.gen")
  file(MAKE_DIRECTORY "${out}")
  list(TRANSFORM arg_UNPARSED_ARGUMENTS PREPEND "${arg_ROOT}/" OUTPUT_VARIABLE inputs)
  set(sources)
  set(headers)
  foreach(proto IN LISTS arg_UNPARSED_ARGUMENTS)
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    list(APPEND sources "${out}/${stem}.pb.cc" "${out}/${stem}.grpc.pb.cc")
    list(APPEND headers "${out}/${stem}.pb.h" "${out}/${stem}.grpc.pb.h")
  endforeach()
  add_custom_command(
    OUTPUT ${sources} ${headers}
    COMMAND "${RAYCTL_PROTOC}" "--proto_path=${arg_ROOT}" "--cpp_out=${out}" "--grpc_out=${out}"
            "--plugin=protoc-gen-grpc=${RAYCTL_GRPC_PLUGIN}" ${inputs}
    DEPENDS ${inputs}
    COMMENT "Generating ${TARGET} from ${arg_UNPARSED_ARGUMENTS}"
    VERBATIM)

  add_library(${TARGET} STATIC ${sources})
  target_include_directories(${TARGET} SYSTEM PUBLIC "${out}")
  target_compile_options(${TARGET} PRIVATE -O1 -g0 -w -fno-sanitize=all)
  target_link_libraries(${TARGET} PUBLIC dep_grpc)
endfunction()
