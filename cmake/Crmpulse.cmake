# crmpulse_library(NAME SOURCES … LINK …): one room, one static library, warnings as errors, sanitizers as chosen.
# APART: its files use the same names each for itself (one driver, receiver or login a file; namespaces used whole), so that they
# are not compiled together where CMAKE_UNITY_BUILD is on.
# crmpulse_headers(NAME LINK …): a room without sources, or the sum of a folder's rooms.
# crmpulse_program(NAME SOURCES … LINK …), crmpulse_test(NAME SOURCES … LINK …): the same for programs and tests.
# set(CRMPULSE_OPTIMISED ON) in a folder: what it and its subfolders make is optimised in Debug builds too. For what tests play months
# of samples through: there the compiler's time comes back many times over.

# What each system does its own way stands in NAME_posix.cpp and NAME_windows.cpp behind one header.
if(WIN32)
  set(CRMPULSE_SYSTEM windows)
else()
  set(CRMPULSE_SYSTEM posix)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without these ccache passes over whatever uses a precompiled header, which is nearly everything. Paths are taken from the
  # source folder on, so that a second checkout finds what the first one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_BASEDIR=${CMAKE_SOURCE_DIR})
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    list(APPEND CMAKE_CXX_COMPILER_LAUNCHER CCACHE_NOHASHDIR=1)
  endif()
  list(APPEND CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

function(crmpulse_settings target)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
  target_compile_definitions(${target} PUBLIC BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
  # What these define must be the same everywhere, or a precompiled header cannot be used.
  foreach(library fmt::fmt Boost::json Boost::container)
    target_compile_definitions(${target} PUBLIC $<TARGET_PROPERTY:${library},INTERFACE_COMPILE_DEFINITIONS>)
  endforeach()
  # The flag of odbc.pc and others, for the same reason.
  target_compile_options(${target} PUBLIC -pthread)
  if(CRMPULSE_OPTIMISED)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O1>)
  endif()
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wconversion -Werror
    # g++ 12 at -O2 sees overflows in texts that are concatenated; Address Sanitizer looks for the real ones.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds>
    # g++ 13 takes every reference that comes from a call with a temporary among its arguments for one into it.
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_GREATER_EQUAL:$<CXX_COMPILER_VERSION>,13>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,14>>:-Wno-dangling-reference>
    # libstdc++ 12's own stable_sort uses what C++17 deprecated; only clang says so.
    $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
  if(CRMPULSE_SANITIZE STREQUAL "thread")
    # ThreadSanitizer does not know the fences Asio adds to its locks; g++ refuses them.
    target_compile_definitions(${target} PUBLIC BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
  if(CRMPULSE_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${CRMPULSE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${CRMPULSE_SANITIZE})
  endif()
endfunction()

# A precompiled header serves only what is compiled with the same level of optimisation.
function(crmpulse_precompiled target from)
  if(CRMPULSE_OPTIMISED)
    string(APPEND from "_optimised")
  endif()
  target_precompile_headers(${target} REUSE_FROM ${from})
endfunction()

function(crmpulse_library name)
  cmake_parse_arguments(ARG "APART" "" "SOURCES;LINK" ${ARGN})
  add_library(crmpulse_${name} STATIC ${ARG_SOURCES})
  add_library(crmpulse::${name} ALIAS crmpulse_${name})
  crmpulse_settings(crmpulse_${name})
  crmpulse_precompiled(crmpulse_${name} crmpulse_precompiled)
  if(ARG_APART)
    set_target_properties(crmpulse_${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  if(ARG_LINK)
    target_link_libraries(crmpulse_${name} ${ARG_LINK})
  endif()
endfunction()

function(crmpulse_headers name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  list(REMOVE_ITEM ARG_LINK PUBLIC)
  add_library(crmpulse_${name} INTERFACE)
  add_library(crmpulse::${name} ALIAS crmpulse_${name})
  target_link_libraries(crmpulse_${name} INTERFACE ${ARG_LINK})
endfunction()

function(crmpulse_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  crmpulse_settings(${name})
  target_precompile_headers(${name} REUSE_FROM crmpulse_precompiled)
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  if(TARGET crmpulse_older_glibc)
    # Not as a library: what needs it comes last on the line.
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:crmpulse_older_glibc>)
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# One executable per folder under tests/, every TEST_CASE its own ctest test. TIMEOUT in seconds for one of them. Labels: `fast`;
# `slow` for those tagged [slow] (over about a second) of an executable with SOME_SLOW, and for all of one with SLOW (each starts a
# server, or plays months). `make quick` runs the fast ones of an executable in one process, as one test.
function(crmpulse_test name)
  cmake_parse_arguments(ARG "SLOW;SOME_SLOW" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(test_${name} ${ARG_SOURCES})
  crmpulse_settings(test_${name})
  crmpulse_precompiled(test_${name} crmpulse_precompiled_test)
  target_link_libraries(test_${name} PRIVATE ${ARG_LINK} crmpulse_catch_main)
  target_compile_definitions(test_${name} PRIVATE CRMPULSE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" CRMPULSE_BINARY_DIR="${CMAKE_BINARY_DIR}")
  if(CMAKE_CROSSCOMPILING)
    # Listing the cases would start the emulator during the build.
    add_test(NAME "${name}: all of it" COMMAND test_${name})
    set_tests_properties("${name}: all of it" PROPERTIES TIMEOUT ${ARG_TIMEOUT})
    return()
  endif()
  if(ARG_SLOW)
    catch_discover_tests(test_${name} TEST_PREFIX "${name}: " PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS slow)
    return()
  endif()
  set(fast)
  if(ARG_SOME_SLOW)
    set(fast "~[slow]")
    catch_discover_tests(test_${name} TEST_SPEC "[slow]" TEST_PREFIX "${name}: " PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS slow)
  endif()
  catch_discover_tests(test_${name} TEST_SPEC ${fast} TEST_PREFIX "${name}: " PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS fast)
  add_test(NAME "quick: ${name}" COMMAND test_${name} ${fast} CONFIGURATIONS quick)
  set_tests_properties("quick: ${name}" PROPERTIES LABELS quick TIMEOUT ${ARG_TIMEOUT})
endfunction()
