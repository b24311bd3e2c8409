# What is written of each program from the table of cmake/Licences.cmake: the rows behind `--version --verbose`
# (generated/FOLDER/libraries.h) and an SPDX document (generated/FOLDER/sbom.spdx.json).

# Sets `package_out` and `version_out` to the source package of a header and its version: `source` where scripts/windows-libraries
# or scripts/tarball-libraries built it, else what dpkg says. Leaves them as they are where neither knows it.
function(crmpulse_source_of header source package_out version_out)
  file(REAL_PATH "${header}" header)
  foreach(libraries IN LISTS CRMPULSE_WINDOWS_LIBRARIES CRMPULSE_TARBALL_LIBRARIES)
    file(REAL_PATH "${libraries}" built)
    string(FIND "${header}" "${built}/" at)
    if(at EQUAL 0)
      file(STRINGS "${built}/versions" line REGEX "^${source}(-[0-9]+)? ")
      string(REGEX REPLACE " .*" "" package "${line}")
      string(REGEX REPLACE "^[^ ]* " "" number "${line}")
      set(${package_out} "${package}" PARENT_SCOPE)
      set(${version_out} "${number}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  find_program(CRMPULSE_DPKG_QUERY dpkg-query)
  mark_as_advanced(CRMPULSE_DPKG_QUERY)
  if(NOT CRMPULSE_DPKG_QUERY)
    return()
  endif()
  execute_process(COMMAND ${CRMPULSE_DPKG_QUERY} --search "${header}" OUTPUT_VARIABLE package ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    return()
  endif()
  string(REGEX REPLACE "[:,].*" "" package "${package}")
  execute_process(COMMAND ${CRMPULSE_DPKG_QUERY} --show --showformat "\${source:Package} \${source:Version}\n" ${package} OUTPUT_VARIABLE said)
  string(REGEX MATCH "^([^ \n]+) ([^\n]+)" said "${said}")
  set(${package_out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  set(${version_out} "${CMAKE_MATCH_2}" PARENT_SCOPE)
endfunction()

# Completes a row: its version, and its source package as a package URL.
function(crmpulse_complete name)
  foreach(column source version header url)
    get_property(${column} GLOBAL PROPERTY "crmpulse_row_${name}_${column}")
  endforeach()
  if(url)
    return()
  endif()
  find_file(found "${header}" NO_CACHE)
  find_file(found "${header}" PATHS ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES} NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH NO_CACHE)
  set(package_version)
  if(found)
    crmpulse_source_of("${found}" "${source}" source package_version)
    if(version MATCHES "^[A-Z]")
      file(STRINGS "${found}" line REGEX "define +${version} +\"")
      string(REGEX REPLACE ".*\"([^\"]*)\".*" "\\1" version "${line}")
    endif()
  endif()
  if(version MATCHES "^([A-Z].*|0\\.0\\.0)?$")  # RE2's is 0.0.0
    string(REGEX REPLACE "^[0-9]+:|[-+~].*$|\\.dfsg.*$" "" version "${package_version}")
  endif()
  if(version STREQUAL "")
    set(version unknown)
  endif()
  set(url "pkg:generic/${source}@${version}")
  if(package_version)
    string(REPLACE "+" "%2B" package_version "${package_version}")
    string(REPLACE ":" "%3A" package_version "${package_version}")
    set(CMAKE_SYSROOT "")  # or it is asked what that is
    cmake_host_system_information(RESULT system QUERY DISTRIB_ID)
    set(url "pkg:deb/${system}/${source}@${package_version}?arch=source")
  endif()
  foreach(column version url)
    set_property(GLOBAL PROPERTY "crmpulse_row_${name}_${column}" "${${column}}")
  endforeach()
endfunction()

# Sets `out` to the name of the row that an item of a link line belongs to; empty for what belongs to none.
function(crmpulse_row_of item out)
  set(${out} "" PARENT_SCOPE)
  get_property(names GLOBAL PROPERTY crmpulse_rows)
  foreach(name ${names})
    get_property(linked_as GLOBAL PROPERTY "crmpulse_row_${name}_linked_as")
    if(linked_as AND item MATCHES "^(${linked_as})$")
      set(${out} "${name}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# Sets `out` to whether an item is a library that is loaded when the program starts. Headers and archives become part of it.
function(crmpulse_is_loaded item out)
  set(files "${item}")
  if(TARGET "${item}")
    set(properties INTERFACE_LINK_LIBRARIES IMPORTED_LOCATION)
    get_target_property(configurations ${item} IMPORTED_CONFIGURATIONS)
    foreach(configuration ${configurations})
      list(APPEND properties IMPORTED_LOCATION_${configuration})
    endforeach()
    set(files)
    foreach(property ${properties})
      get_target_property(file ${item} ${property})
      list(APPEND files ${file})
    endforeach()
  endif()
  list(FILTER files INCLUDE REGEX "/[^/]*\\.(so|dylib|dll)(\\.[^/]*)?$")
  if(files)
    set(${out} TRUE PARENT_SCOPE)
  else()
    set(${out} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Sets `out` to what an item of a link line brings with it. The files of a library that has a row are that library.
function(crmpulse_links_of item row out)
  set(links)
  if(TARGET "${item}")
    foreach(property ALIASED_TARGET LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(more ${item} ${property})
      if(more)
        list(APPEND links ${more})
      endif()
    endforeach()
  endif()
  list(TRANSFORM links REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1")
  list(FILTER links EXCLUDE REGEX "[$<>]|^::@")
  if(row)
    list(FILTER links EXCLUDE REGEX "/")
  endif()
  set(${out} "${links}" PARENT_SCOPE)
endfunction()

# Ends the configuration if an item of a link line is somebody else's library.
function(crmpulse_must_be_known item)
  if(item MATCHES "^(${crmpulse_of_the_system})$")
    return()
  endif()
  if(TARGET "${item}")
    get_target_property(imported "${item}" IMPORTED)
    get_target_property(type "${item}" TYPE)
    if(NOT imported OR type STREQUAL "INTERFACE_LIBRARY")
      return()
    endif()
  endif()
  message(FATAL_ERROR "${item} is linked and has no row in cmake/Licences.cmake")
endfunction()

# Sets `has` to the names of a program's rows, `loads` to those that are not a part of it.
function(crmpulse_rows_of program has loads)
  set(open ${program})
  set(seen)
  set(rows)
  set(loaded)
  while(open)
    list(POP_FRONT open item)
    if(item IN_LIST seen)
      continue()
    endif()
    list(APPEND seen "${item}")
    crmpulse_row_of("${item}" row)
    if(NOT row)
      crmpulse_must_be_known("${item}")
    else()
      list(APPEND rows "${row}")
      crmpulse_is_loaded("${item}" is_loaded)
      if(is_loaded)
        list(APPEND loaded "${row}")
      endif()
    endif()
    crmpulse_links_of("${item}" "${row}" links)
    list(APPEND open ${links})
  endwhile()
  list(APPEND rows ${crmpulse_in_every_program})
  list(APPEND loaded ${crmpulse_loaded_by_every_program})
  list(REMOVE_DUPLICATES rows)
  list(SORT rows CASE INSENSITIVE)
  set(${has} "${rows}" PARENT_SCOPE)
  set(${loads} "${loaded}" PARENT_SCOPE)
endfunction()

# Sets `out` to the SPDX document of a program; `packages` and `relationships` are those of its libraries.
function(crmpulse_spdx program packages relationships out)
  string(TIMESTAMP created "%Y-%m-%dT%H:%M:%SZ" UTC)  # of SOURCE_DATE_EPOCH, where that is set
  string(UUID unique NAMESPACE 6ba7b811-9dad-11d1-80b4-00c04fd430c8 NAME "${program} ${created} ${packages} ${relationships}" TYPE SHA1)
  set(${out} "{
 \"spdxVersion\": \"SPDX-2.3\",
 \"dataLicense\": \"CC0-1.0\",
 \"SPDXID\": \"SPDXRef-DOCUMENT\",
 \"name\": \"${program}-${PROJECT_VERSION}\",
 \"documentNamespace\": \"https://crmpulse.example.org/spdx/${program}-${PROJECT_VERSION}-${unique}\",
 \"creationInfo\": {\"created\": \"${created}\", \"creators\": [\"Organization: crmpulse developers\", \"Tool: CMake-${CMAKE_VERSION}\"]},
 \"documentDescribes\": [\"SPDXRef-${program}\"],
 \"packages\": [
  {\"SPDXID\": \"SPDXRef-${program}\", \"name\": \"${program}\", \"versionInfo\": \"${PROJECT_VERSION}\",
   \"primaryPackagePurpose\": \"APPLICATION\", \"supplier\": \"Organization: crmpulse developers\",
   \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false, \"licenseConcluded\": \"Apache-2.0\", \"licenseDeclared\": \"Apache-2.0\",
   \"copyrightText\": \"2026 the crmpulse developers\"}${packages}
 ],
 \"relationships\": [
  {\"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-${program}\"}${relationships}
 ]
}
" PARENT_SCOPE)
endfunction()

# crmpulse_libraries_of(PROGRAM FOLDER): writes both for a program whose sources are in FOLDER; installs the document. After every
# target of it is there.
function(crmpulse_libraries_of program folder)
  crmpulse_rows_of(${program} names loaded)
  set(rows)
  set(packages)
  set(relationships)
  foreach(name ${names})
    crmpulse_complete("${name}")
    foreach(column licence version url)
      get_property(${column} GLOBAL PROPERTY "crmpulse_row_${name}_${column}")
    endforeach()
    set(linked static)
    if(name IN_LIST loaded)
      set(linked dynamic)
    endif()
    string(REGEX REPLACE "[^A-Za-z0-9.]+" "-" id "${name}")
    string(TOUPPER "${linked}_LINK" relationship)
    string(APPEND rows "    Library{\"${name}\", \"${version}\", \"${licence}\", Linked::${linked}ally},\n")
    string(APPEND packages ",
  {\"SPDXID\": \"SPDXRef-library-${id}\", \"name\": \"${name}\", \"versionInfo\": \"${version}\", \"primaryPackagePurpose\": \"LIBRARY\",
   \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false, \"licenseConcluded\": \"${licence}\", \"licenseDeclared\": \"${licence}\",
   \"copyrightText\": \"NOASSERTION\",
   \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", \"referenceLocator\": \"${url}\"}]}")
    string(APPEND relationships ",
  {\"spdxElementId\": \"SPDXRef-${program}\", \"relationshipType\": \"${relationship}\", \"relatedSpdxElement\": \"SPDXRef-library-${id}\"}")
  endforeach()
  crmpulse_spdx(${program} "${packages}" "${relationships}" document)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/generated/${folder}/sbom.spdx.json CONTENT "${document}")
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/generated/${folder}/libraries.h CONTENT "#pragma once
// Written by cmake/Sbom.cmake: the libraries of others in ${program}.
#include <array>

#include \"core/version/library.h\"

namespace crmpulse::${folder} {

inline constexpr std::array kLibraries{
${rows}};

}  // namespace crmpulse::${folder}
")
  install(FILES ${CMAKE_BINARY_DIR}/generated/${folder}/sbom.spdx.json DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${program})
endfunction()
