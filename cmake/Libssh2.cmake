# dep_ssh2: libssh2 as tools/build_libssh2.sh made it, static. RAYCTL_LIBSSH2 names another folder that holds
# include/libssh2.h and lib/libssh2.a. One before 1.11 cannot use RSA keys with a current sshd and is refused.

set(RAYCTL_LIBSSH2 "" CACHE PATH "where libssh2 is; empty: what ./dev setup built")
set(_ssh2 "${RAYCTL_LIBSSH2}")
if(NOT _ssh2)
  execute_process(COMMAND "${CMAKE_SOURCE_DIR}/tools/build_libssh2.sh" --where
    OUTPUT_VARIABLE _ssh2 OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
if(NOT EXISTS "${_ssh2}/include/libssh2.h" OR NOT EXISTS "${_ssh2}/lib/libssh2.a")
  message(FATAL_ERROR "libssh2 is not in ${_ssh2}. Run ./dev setup")
endif()
file(STRINGS "${_ssh2}/include/libssh2.h" _ssh2_version REGEX "^#define LIBSSH2_VERSION +\"")
string(REGEX REPLACE ".*\"([^\"]*)\".*" "\\1" _ssh2_version "${_ssh2_version}")
if(_ssh2_version VERSION_LESS 1.11.0)
  message(FATAL_ERROR "libssh2 ${_ssh2_version} in ${_ssh2} is too old: before 1.11 it signs RSA keys in a way that "
    "current SSH servers refuse, and the key pairs of EC2 are RSA. Run ./dev setup, which builds a newer one")
endif()
add_library(dep_ssh2 INTERFACE IMPORTED GLOBAL)
target_include_directories(dep_ssh2 SYSTEM INTERFACE "${_ssh2}/include")
target_link_libraries(dep_ssh2 INTERFACE "${_ssh2}/lib/libssh2.a" dep_crypto)
