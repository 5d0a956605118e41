# A room is a folder of the source tree and the static library made of it.
#
# rayctl_room(NAME [WITHOUT file...] DEPENDS target...)
# Every *.cc below NAME/ is compiled; NAME/CMakeLists.txt, where there is one, adds the rest
# (generated code, embedded texts) to the target room_NAME.
function(rayctl_room NAME)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;WITHOUT" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${NAME}/*.cc")
  foreach(file IN LISTS ROOM_WITHOUT)
    list(REMOVE_ITEM sources "${CMAKE_SOURCE_DIR}/${NAME}/${file}")
  endforeach()
  if(sources)
    add_library(room_${NAME} STATIC ${sources})
    target_link_libraries(room_${NAME} PUBLIC ${ROOM_DEPENDS} PRIVATE rayctl_warnings)
    target_include_directories(room_${NAME} PUBLIC "${CMAKE_SOURCE_DIR}")
  else()
    add_library(room_${NAME} INTERFACE)
    target_link_libraries(room_${NAME} INTERFACE ${ROOM_DEPENDS})
    target_include_directories(room_${NAME} INTERFACE "${CMAKE_SOURCE_DIR}")
  endif()
  if(EXISTS "${CMAKE_SOURCE_DIR}/${NAME}/CMakeLists.txt")
    add_subdirectory("${CMAKE_SOURCE_DIR}/${NAME}")
  endif()
endfunction()

# rayctl_tests(FOLDER LABEL suite DEPENDS target...): the GoogleTest program test_FOLDER of
# tests/FOLDER/**/*_test.cc, every case a ctest of its own with the suite's label.
function(rayctl_tests FOLDER)
  cmake_parse_arguments(TESTS "SERIAL" "LABEL;TIMEOUT" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${FOLDER}/*.cc")
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" program "test_${FOLDER}")
  add_executable(${program} ${sources})
  target_link_libraries(${program} PRIVATE ${TESTS_DEPENDS} dep_gtest dep_gmock rayctl_warnings)
  target_include_directories(${program} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_compile_definitions(${program} PRIVATE RAYCTL_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    RAYCTL_BINARY="${CMAKE_BINARY_DIR}/rayctl")
  if(NOT TESTS_TIMEOUT)
    set(TESTS_TIMEOUT 120)
  endif()
  set(serial)
  if(TESTS_SERIAL)
    set(serial RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(${program} TEST_PREFIX "${FOLDER}/" DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${TESTS_LABEL}" TIMEOUT ${TESTS_TIMEOUT} ${serial})
endfunction()
