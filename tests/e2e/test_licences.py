"""What the programs are made of: `--version --verbose`, the SPDX documents the packages carry, and what is really linked and
included say the same."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import BIN, SOURCE

PROGRAMS = {"crmpulse-agent": "agent", "crmpulse-collector": "collector", "crmpulse-sandbox": "sandbox"}
ROW = re.compile(r"^(\S.*?)  +(\S+)  +(static|dynamic)  +(\S.*)$", re.MULTILINE)
# Of shared libraries, by the beginnings of their names. Sanitizers are GCC's.
SHARED = {"Abseil": ["libabsl_"], "Boost.Container": ["libboost_container"], "Boost.JSON": ["libboost_json"], "fmt": ["libfmt"],
          "GCC runtime": ["libstdc++", "libgcc_s", "libasan", "libubsan", "libtsan"], "glibc": ["libc.", "libm.", "ld-linux"], "libcurl": ["libcurl"],
          "libidn2": ["libidn2"], "libpq": ["libpq"], "MariaDB Connector/C": ["libmariadb"], "OpenSSL": ["libssl", "libcrypto"],
          "prometheus-cpp": ["libprometheus-cpp"], "RE2": ["libre2"], "Snappy": ["libsnappy"], "SQLite": ["libsqlite3"], "unixODBC": ["libodbc"],
          "yaml-cpp": ["libyaml-cpp"], "zlib": ["libz."], "Zstandard": ["libzstd"]}
SYSTEM_FOLDERS = {"arpa", "linux", "netinet", "sys"}
ROOMS = "core config wire store net probes rules agent collector sandbox".split()

# A build of three libraries of others: headers, an archive with its own, and what else is named.
PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(tried VERSION 1.2.3 LANGUAGES NONE)
list(APPEND CMAKE_MODULE_PATH {source}/cmake)
include(GNUInstallDirs)
set(WIN32 {windows})
set(CRMPULSE_WINDOWS_LIBRARIES {prefix})
set(CMAKE_PREFIX_PATH {prefix})
include(Licences)
include(Sbom)
add_library(ZLIB::ZLIB UNKNOWN IMPORTED)
set_target_properties(ZLIB::ZLIB PROPERTIES IMPORTED_LOCATION {zlib})
add_library(room INTERFACE)
target_link_libraries(room INTERFACE CLI11::CLI11 $<LINK_ONLY:ZLIB::ZLIB> {more})
add_library(program INTERFACE)
target_link_libraries(program INTERFACE room)
crmpulse_libraries_of(program tried)
"""


def said(program, *arguments):
    return subprocess.run([BIN / program, *arguments], capture_output=True, text=True)


def rows(program):
    """{library: (version, static or dynamic, licence)}"""
    return {name: (version, linked, licence) for name, version, linked, licence in ROW.findall(said(program, "--version", "--verbose").stdout)}


def document(program):
    return json.loads((BIN.parent / f"generated/{PROGRAMS[program]}/sbom.spdx.json").read_text())


class Licences(unittest.TestCase):
    def test_the_version_is_one_line_and_with_verbose_the_libraries_follow_it(self):
        for program in PROGRAMS:
            with self.subTest(program=program):
                plain = said(program, "--version").stdout
                self.assertRegex(plain, r"^(crmpulse-\w+ )?\d+\.\d+\.\d+\n$")
                verbose = said(program, "--version", "--verbose")
                self.assertEqual((verbose.returncode, verbose.stderr), (0, ""))
                self.assertTrue(verbose.stdout.startswith(plain + "licence: Apache-2.0\n"), verbose.stdout)
                for order in (["--verbose", "--version"], ["run", "--version", "--verbose"]):
                    if program == "crmpulse-sandbox" and "run" in order:
                        continue  # its options stand before its commands
                    self.assertEqual(said(program, *order).stdout, verbose.stdout)
                have = rows(program)
                self.assertGreater(len(have), 10)
                self.assertNotIn("unknown", {version for version, _, _ in have.values()})
                self.assertEqual({"Boost", "CLI11", "protozero"} & have.keys(), {name for name, row in have.items() if row[1] == "static"})

    def test_verbose_alone_is_a_wrong_option(self):
        for program in PROGRAMS:
            alone = said(program, "--verbose")
            self.assertEqual((alone.returncode, alone.stdout), (2, ""))
            self.assertIn("--verbose requires --version", alone.stderr)

    def test_every_library_that_a_program_loads_is_listed_as_dynamic(self):
        for program in PROGRAMS:
            dynamic = {name for name, row in rows(program).items() if row[1] == "dynamic"}
            listed = subprocess.run(["readelf", "--dynamic", BIN / program], capture_output=True, text=True, check=True).stdout
            loaded = re.findall(r"NEEDED.*\[(.*)\]", listed)
            self.assertGreater(len(loaded), 5)
            for file in loaded:
                owners = {name for name, beginnings in SHARED.items() if file.startswith(tuple(beginnings))}
                self.assertTrue(owners & dynamic, f"{program} loads {file}, which it does not list")

    def test_every_library_whose_headers_are_included_has_a_row(self):
        table = (SOURCE / "cmake/Licences.cmake").read_text()
        for room in ROOMS:
            for path in (SOURCE / room).rglob("*.[hc]*"):
                if path.suffix not in (".h", ".cpp"):
                    continue
                for folder in re.findall(r"^#include <([\w+-]+)/", path.read_text(), re.MULTILINE):
                    if folder not in SYSTEM_FOLDERS:
                        self.assertRegex(table, rf'"{re.escape(folder)}/', f"{path.relative_to(SOURCE)} includes <{folder}/...>")

    def test_the_spdx_document_lists_what_the_program_does(self):
        for program in PROGRAMS:
            with self.subTest(program=program):
                spdx = document(program)
                own = spdx["packages"][0]
                self.assertEqual((own["name"], own["licenseDeclared"]), (program, "Apache-2.0"))
                self.assertEqual(own["versionInfo"], said(program, "--version").stdout.split()[-1])
                packages = {package["SPDXID"]: package for package in spdx["packages"]}
                have = {}
                for relationship in spdx["relationships"]:
                    kind, from_, to = (relationship[key] for key in ("relationshipType", "spdxElementId", "relatedSpdxElement"))
                    if kind == "DESCRIBES":
                        self.assertEqual((from_, to), ("SPDXRef-DOCUMENT", own["SPDXID"]))
                        continue
                    self.assertEqual(from_, own["SPDXID"])
                    package = packages[to]
                    have[package["name"]] = (package["versionInfo"], {"STATIC_LINK": "static", "DYNAMIC_LINK": "dynamic"}[kind], package["licenseDeclared"])
                self.assertEqual(have, rows(program))
                self.assertEqual(len(packages), len(have) + 1)

    def test_the_spdx_document_has_what_spdx_2_3_requires(self):
        spaces = set()
        for program in PROGRAMS:
            with self.subTest(program=program):
                spdx = document(program)
                self.assertEqual((spdx["spdxVersion"], spdx["dataLicense"], spdx["SPDXID"]), ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"))
                self.assertRegex(spdx["documentNamespace"], r"^https://[^#]+$")
                spaces.add(spdx["documentNamespace"])
                self.assertRegex(spdx["creationInfo"]["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
                for creator in spdx["creationInfo"]["creators"]:
                    self.assertRegex(creator, "^(Person|Organization|Tool): ")
                self.assertEqual([what["relationshipType"] for what in spdx["relationships"]].count("DESCRIBES"), 1)
                for package in spdx["packages"]:
                    self.assertRegex(package["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
                    for key in ("name", "versionInfo", "downloadLocation", "licenseConcluded", "licenseDeclared", "copyrightText"):
                        self.assertTrue(package[key], key)
                    self.assertIs(package["filesAnalyzed"], False)
                    for reference in package.get("externalRefs", []):
                        self.assertRegex(reference["referenceLocator"], r"^pkg:(deb/\w+|generic)/[\w.+-]+@[\w.%~-]+(\?arch=source)?$")
        self.assertEqual(len(spaces), len(PROGRAMS))

    def configure(self, folder, **values):
        """What a build of these would list; the refusal where it is refused."""
        prefix = folder / "prefix"
        (prefix / "include").mkdir(parents=True, exist_ok=True)
        (prefix / "include/zlib.h").touch()
        (prefix / "versions").write_text("zlib 1:1.2.13.dfsg-1\n")
        values = {"source": SOURCE, "prefix": prefix, "windows": "OFF", "more": "", **values}
        (folder / "CMakeLists.txt").write_text(PROJECT.format(**values))
        ran = subprocess.run(["cmake", "-S", folder, "-B", folder / "build"], capture_output=True, text=True)
        if ran.returncode != 0:
            return ran.stderr
        document = json.loads((folder / "build/generated/tried/sbom.spdx.json").read_text())
        kinds = {relationship["relatedSpdxElement"]: relationship["relationshipType"] for relationship in document["relationships"]}
        return {package["name"]: (kinds[package["SPDXID"]], package.get("externalRefs", [{}])[0].get("referenceLocator", "").partition("?")[0])
                for package in document["packages"][1:]}

    def test_an_archive_is_a_part_of_the_program_and_a_library_without_a_row_ends_the_configuration(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            loaded = self.configure(folder, zlib="/usr/lib/libz.so.1")
            self.assertEqual((loaded["zlib"][0], loaded["CLI11"][0], loaded["glibc"][0]), ("DYNAMIC_LINK", "STATIC_LINK", "DYNAMIC_LINK"))
            refused = self.configure(folder, zlib="/usr/lib/libz.so.1", more="/opt/lib/libother.so")
            self.assertIn("/opt/lib/libother.so is linked and has no row in cmake/Licences.cmake", " ".join(refused.split()))
            windows = self.configure(folder, windows="ON", zlib=folder / "prefix/lib/libz.a", more="ws2_32 odbc32")
            self.assertEqual({name: row[0] for name, row in windows.items()},
                             {"CLI11": "STATIC_LINK", "zlib": "STATIC_LINK", "GCC runtime": "STATIC_LINK", "mingw-w64 runtime": "STATIC_LINK"})
            self.assertRegex(windows["zlib"][1], r"^pkg:deb/\w+/zlib@1%3A1.2.13.dfsg-1$")
            windows = self.configure(folder, windows="ON", zlib=folder / "prefix/lib/libz.a", more=folder / "prefix/lib/libother.a")
            self.assertIn("libother.a is linked and has no row", " ".join(windows.split()))


if __name__ == "__main__":
    unittest.main()
