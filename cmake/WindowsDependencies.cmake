# What scripts/windows-libraries built, and what Windows has itself, under the names the other systems' targets have.
set(windows_libraries "${CRMPULSE_WINDOWS_LIBRARIES}")
if(NOT EXISTS "${windows_libraries}/complete")
  message(FATAL_ERROR "${windows_libraries} is not complete: run scripts/windows-libraries first")
endif()

include_directories(SYSTEM "${windows_libraries}/include")
add_compile_definitions(CURL_STATICLIB)
add_link_options(-static)

set(crmpulse_archives "${windows_libraries}/lib")
include(Static)

find_package(Threads REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
crmpulse_static(Boost::headers LINK ws2_32 mswsock)
crmpulse_static(ZLIB::ZLIB FILE libz.a)
crmpulse_static(OpenSSL::Crypto FILE libcrypto.a LINK ws2_32 gdi32 crypt32 advapi32 user32)
crmpulse_static(OpenSSL::SSL FILE libssl.a LINK OpenSSL::Crypto)
crmpulse_static(CURL::libcurl FILE libcurl.a LINK OpenSSL::SSL ws2_32 crypt32 bcrypt advapi32 normaliz)
crmpulse_static(SQLite::SQLite3 FILE libsqlite3.a)
crmpulse_static(crmpulse_snappy FILE libsnappy.a)
crmpulse_static(crmpulse_re2 FILE libre2.a LINK Threads::Threads)
crmpulse_static(crmpulse_idn LINK normaliz)
crmpulse_static(ODBC::ODBC LINK odbc32)

# Boost.JSON is compiled from its headers; its memory resources come with it.
add_library(crmpulse_boost_json STATIC ${CMAKE_SOURCE_DIR}/cmake/boost_json_windows.cpp)
target_link_libraries(crmpulse_boost_json PUBLIC Boost::headers)
add_library(Boost::json ALIAS crmpulse_boost_json)
crmpulse_static(Boost::container LINK Boost::headers)
