# dep_curl: libcurl as tools/build_libcurl.sh made it, static. RAYCTL_LIBCURL names another folder that holds
# include/curl/curl.h and a lib/libcurl.a with OpenSSL, nghttp2 and nothing else.

set(RAYCTL_LIBCURL "" CACHE PATH "where libcurl is; empty: what ./dev setup built")
set(_curl "${RAYCTL_LIBCURL}")
if(NOT _curl)
  execute_process(COMMAND "${CMAKE_SOURCE_DIR}/tools/build_libcurl.sh" --where
    OUTPUT_VARIABLE _curl OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
if(NOT EXISTS "${_curl}/include/curl/curl.h" OR NOT EXISTS "${_curl}/lib/libcurl.a")
  message(FATAL_ERROR "libcurl is not in ${_curl}. Run ./dev setup")
endif()
rayctl_archives(_nghttp2 nghttp2)
add_library(dep_curl INTERFACE IMPORTED GLOBAL)
target_include_directories(dep_curl SYSTEM INTERFACE "${_curl}/include")
target_compile_definitions(dep_curl INTERFACE CURL_STATICLIB)
target_link_libraries(dep_curl INTERFACE "${_curl}/lib/libcurl.a" ${_nghttp2} dep_ssl)
