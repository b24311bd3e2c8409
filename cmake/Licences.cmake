# The libraries of others that the programs are made of. Which of them a program has, and whether as a part of it, is read from what
# its target links (cmake/Sbom.cmake); a library that is linked and has no row ends the configuration.
#
# Name, licence (SPDX), source package, version (a number, or a macro of the header), one of its headers, and what it is linked as:
# names of targets or files, as a regular expression. Where dpkg knows the header, it says what the source package is, and the
# version if that is empty.
function(crmpulse_row name licence source version header linked_as)
  set_property(GLOBAL APPEND PROPERTY crmpulse_rows "${name}")
  foreach(column licence source version header linked_as)
    set_property(GLOBAL PROPERTY "crmpulse_row_${name}_${column}" "${${column}}")
  endforeach()
endfunction()

# On Windows its own conversion stands behind crmpulse_idn.
set(idn "PkgConfig::IDN2")
if(NOT WIN32)
  string(APPEND idn "|crmpulse_idn")
endif()

crmpulse_row("Boost"               "BSL-1.0"                               "boost"          "${Boost_VERSION}"             "boost/version.hpp"     "Boost::(headers|boost)")
crmpulse_row("Boost.Container"     "BSL-1.0"                               "boost"          "${Boost_VERSION}"             "boost/version.hpp"     "Boost::container")
crmpulse_row("Boost.JSON"          "BSL-1.0"                               "boost"          "${Boost_VERSION}"             "boost/version.hpp"     "Boost::json")
crmpulse_row("Abseil"              "Apache-2.0"                            "abseil"         "${absl_VERSION}"              "absl/base/config.h"    "absl::.*")
crmpulse_row("CLI11"               "BSD-3-Clause"                          "cli11"          "CLI11_VERSION"                "CLI/Version.hpp"       "CLI11::CLI11")
crmpulse_row("fmt"                 "MIT"                                   "fmtlib"         "${fmt_VERSION}"               "fmt/core.h"            "fmt::fmt")
crmpulse_row("libcurl"             "curl"                                  "curl"           "${CURL_VERSION_STRING}"       "curl/curl.h"           "CURL::libcurl.*")
crmpulse_row("libidn2"             "LGPL-3.0-or-later OR GPL-2.0-or-later" "libidn2"        "${IDN2_VERSION}"              "idn2.h"                "${idn}")
crmpulse_row("libpq"               "PostgreSQL"                            "postgresql"     "${PostgreSQL_VERSION_STRING}" "postgresql/libpq-fe.h" "PostgreSQL::PostgreSQL|crmpulse_pg.*")
crmpulse_row("MariaDB Connector/C" "LGPL-2.1-or-later"                     "mariadb"        "${MARIADB_VERSION}"           "mariadb/mysql.h"       "PkgConfig::MARIADB")
crmpulse_row("OpenSSL"             "Apache-2.0"                            "openssl"        "${OPENSSL_VERSION}"           "openssl/ssl.h"         "OpenSSL::.*")
crmpulse_row("prometheus-cpp"      "MIT"                                   "prometheus-cpp" "${prometheus-cpp_VERSION}"    "prometheus/registry.h" "prometheus-cpp::core")
crmpulse_row("protozero"           "BSD-2-Clause AND Apache-2.0"           "protozero"      "PROTOZERO_VERSION_STRING"     "protozero/version.hpp" "protozero::protozero")
crmpulse_row("RE2"                 "BSD-3-Clause"                          "re2"            "${RE2_VERSION}"               "re2/re2.h"             "PkgConfig::RE2|crmpulse_re2")
crmpulse_row("Snappy"              "BSD-3-Clause"                          "snappy"         ""                             "snappy.h"              "crmpulse_snappy")
crmpulse_row("SQLite"              "blessing"                              "sqlite3"        "${SQLite3_VERSION}"           "sqlite3.h"             "SQLite::SQLite3")
crmpulse_row("yaml-cpp"            "MIT"                                   "yaml-cpp"       "${yaml-cpp_VERSION}"          "yaml-cpp/yaml.h"       "yaml-cpp(::yaml-cpp)?")
crmpulse_row("zlib"                "Zlib"                                  "zlib"           "${ZLIB_VERSION_STRING}"       "zlib.h"                "ZLIB::ZLIB")
crmpulse_row("Zstandard"           "BSD-3-Clause OR GPL-2.0-only"          "libzstd"        "${ZSTD_VERSION}"              "zstd.h"                "PkgConfig::ZSTD")

# What the compiler links by itself, and what belongs to it or to the system.
set(gcc_version)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(gcc_version ${CMAKE_CXX_COMPILER_VERSION})
endif()
crmpulse_row("GCC runtime" "GPL-3.0-or-later WITH GCC-exception-3.1" "gcc" "${gcc_version}" "version" "")
set(crmpulse_of_the_system "Threads::Threads|-.*|m|dl|rt|pthread|atomic")  # libatomic is of GCC's runtime
if(WIN32)
  crmpulse_row("mingw-w64 runtime" "ZPL-2.1 AND MIT AND BSD-3-Clause" "mingw-w64" "" "_mingw.h" "")
  set(crmpulse_in_every_program "GCC runtime" "mingw-w64 runtime")
  string(APPEND crmpulse_of_the_system "|ODBC::ODBC|[A-Za-z0-9_]+")  # a plain name is one of Windows' own libraries
else()
  crmpulse_row("unixODBC" "LGPL-2.1-or-later" "unixodbc" "" "sqlext.h" "ODBC::ODBC")
  crmpulse_row("glibc" "LGPL-2.1-or-later" "glibc" "" "features.h" "")
  set(crmpulse_in_every_program "GCC runtime" "glibc")
  set(crmpulse_loaded_by_every_program ${crmpulse_in_every_program})
endif()
if(CRMPULSE_TARBALL_LIBRARIES)
  # What the shared libraries of others bring themselves.
  crmpulse_row("libltdl"      "LGPL-2.1-or-later"                     "libtool"      "" "ltdl.h"            "crmpulse_ltdl")
  crmpulse_row("libunistring" "LGPL-3.0-or-later OR GPL-2.0-or-later" "libunistring" "" "unistr.h"          "crmpulse_unistring")
  crmpulse_row("nghttp2"      "MIT"                                   "nghttp2"      "" "nghttp2/nghttp2.h" "crmpulse_nghttp2")
  set(crmpulse_loaded_by_every_program "glibc")
endif()

# Two of headers alone come without a target.
foreach(library CLI11 protozero)
  if(NOT TARGET ${library}::${library})
    add_library(${library}::${library} INTERFACE IMPORTED GLOBAL)
    string(TOUPPER ${library} path)
    target_include_directories(${library}::${library} INTERFACE ${${path}_INCLUDE_DIR})
  endif()
endforeach()
