# What scripts/tarball-libraries made, under the names that the shared libraries' targets have elsewhere.
set(tarball_libraries "${CRMPULSE_TARBALL_LIBRARIES}")
if(NOT EXISTS "${tarball_libraries}/complete")
  message(FATAL_ERROR "${tarball_libraries} is not complete: run scripts/tarball-libraries first")
endif()
include_directories(SYSTEM "${tarball_libraries}/include" "${tarball_libraries}/include/postgresql" "${tarball_libraries}/include/mariadb")
# libstdc++ and libgcc of a machine may be older than those the programs are compiled with.
add_link_options(-static-libstdc++ -static-libgcc -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now)
set(crmpulse_archives "${tarball_libraries}/lib")
include(Static)

find_package(Threads REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
# Of glibc 2.31 these are libraries of their own, later they are nothing.
set(glibc dl Threads::Threads)
crmpulse_static(Boost::headers)
crmpulse_static(Boost::container FILE libboost_container.a LINK Boost::headers)
crmpulse_static(Boost::json FILE libboost_json.a LINK Boost::container)
crmpulse_static(ZLIB::ZLIB FILE libz.a)
crmpulse_static(OpenSSL::Crypto FILE libcrypto.a LINK ${glibc})
crmpulse_static(OpenSSL::SSL FILE libssl.a LINK OpenSSL::Crypto)
crmpulse_static(crmpulse_unistring FILE libunistring.a)
crmpulse_static(crmpulse_idn FILE libidn2.a LINK crmpulse_unistring)
crmpulse_static(PkgConfig::ZSTD FILE libzstd.a LINK Threads::Threads)
crmpulse_static(crmpulse_nghttp2 FILE libnghttp2.a)
crmpulse_static(CURL::libcurl FILE libcurl.a LINK crmpulse_nghttp2 crmpulse_idn OpenSSL::SSL PkgConfig::ZSTD ZLIB::ZLIB ${glibc})
crmpulse_static(SQLite::SQLite3 FILE libsqlite3.a LINK m ${glibc})
crmpulse_static(crmpulse_snappy FILE libsnappy.a)
crmpulse_static(crmpulse_re2 FILE libre2.a LINK Threads::Threads)
crmpulse_static(yaml-cpp FILE libyaml-cpp.a)
crmpulse_static(crmpulse_pgport FILE libpgport_shlib.a LINK m)
crmpulse_static(crmpulse_pgcommon FILE libpgcommon_shlib.a LINK crmpulse_pgport)
crmpulse_static(PostgreSQL::PostgreSQL FILE libpq.a LINK crmpulse_pgcommon OpenSSL::SSL)
crmpulse_static(PkgConfig::MARIADB FILE libmariadbclient.a LINK OpenSSL::SSL ZLIB::ZLIB m ${glibc})
crmpulse_static(crmpulse_ltdl FILE libltdl.a LINK dl)
crmpulse_static(ODBC::ODBC FILE libodbc.a LINK crmpulse_ltdl Threads::Threads)

# Debian's description of Abseil is of the shared libraries.
foreach(library civil_time time_zone strings int128 strings_internal base spinlock_wait throw_delegate raw_logging_internal log_severity)
  crmpulse_static(absl::${library} FILE libabsl_${library}.a)
endforeach()
crmpulse_static(absl::time FILE libabsl_time.a
  LINK absl::civil_time absl::time_zone absl::strings absl::int128 absl::strings_internal absl::base absl::spinlock_wait absl::throw_delegate
       absl::raw_logging_internal absl::log_severity Threads::Threads)

# What Debian 12's compiler takes from a newer glibc than 2.31.
add_library(crmpulse_older_glibc OBJECT ${CMAKE_SOURCE_DIR}/cmake/older_glibc.cpp)
