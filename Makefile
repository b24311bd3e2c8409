# The commands of the README. Everything real is in CMakeLists.txt, CMakePresets.json and scripts/.

PREFIX  ?= /usr
DESTDIR ?=
JOBS    ?= $(shell nproc)
CONFIG  ?=
SECONDS ?= 60

.PHONY: help run test quick build bench lint tsan clang-19 fuzz faults quarter docs install deps deps-run deb test-system test-first-minute test-containers tarball test-tarball test-distributions test-arm64 windows test-windows test-web clean

help:
	@echo 'make run                 build, start a demo on this machine, watch it (Ctrl-C stops all)'
	@echo 'make run CONFIG=DIR      the same with your DIR/agent.yaml and DIR/collector.yaml'
	@echo 'make test                build with sanitizers, run every test'
	@echo 'make quick               build with sanitizers, run the fast tests (a minute after the build)'
	@echo 'make build               release build; programs in build/release/bin/'
	@echo 'make install             programs, units, configuration, recipes (DESTDIR=, PREFIX=)'
	@echo 'make deb                 Debian packages in build/deb/, checked by lintian'
	@echo 'make test-system         the packages on a Debian with a real systemd, in a container (root; two minutes after make deb)'
	@echo 'make test-first-minute   how long a first CRM takes, and one on another machine, on two such Debians (root; a minute after make deb)'
	@echo 'make test-containers     images and compose file as docs/containers.md says, without a container engine (root; three minutes after make deb)'
	@echo 'make tarball             agent, collector and sandbox for any Linux with glibc 2.31, in build/tarball (the first time: five minutes more)'
	@echo 'make test-tarball        the tarball on Debian 11 to 13 and Ubuntu 20.04 to 24.04, in roots of their own (root)'
	@echo 'make windows             the agent for Windows, as MSI and zip in build/windows/ (the first time: ten minutes more)'
	@echo 'make test-windows        its unit tests, and the MSI from installation to removal, under Wine'
	@echo 'make test-web            the page in Chromium, and its built files made again (node 20.19 or newer, npm)'
	@echo 'make test-distributions  the tree and its quick tests on Debian 13 and Ubuntu 24.04, in roots of their own (root; an hour)'
	@echo 'make test-arm64          the tree cross-compiled for arm64, its quick tests under qemu-user (root; half an hour)'
	@echo 'make lint                formatting, clang-tidy, coroutine lint'
	@echo 'make tsan, make clang-19 the tests under ThreadSanitizer; a build with the second compiler'
	@echo 'make fuzz SECONDS=60     every fuzz target for so long (clang, libFuzzer)'
	@echo 'make bench               every benchmark, beside the peers that are installed (three quarters of an hour)'
	@echo 'make quarter             the shipped rules over an ordinary quarter, for every recipe in three time zones'
	@echo 'make docs                the comments of the headers as pages, in build/docs/html (Doxygen)'
	@echo 'make faults              500 rounds of kill -9, and every other fault, as a table (about a quarter of an hour)'

deps:
	@scripts/install-dependencies

deps-run:
	@scripts/install-dependencies --without-tests

build: deps-run
	@scripts/build release

run: build
	@scripts/run-demo build/release/bin "$(CONFIG)"

test: deps
	@scripts/build dev
	@ctest --preset dev

quick: deps
	@scripts/build dev
	@ctest --preset dev -C quick -L quick

tsan: deps
	@scripts/tsan

clang-19: deps
	@scripts/build clang-19

lint: deps
	@scripts/lint

fuzz: deps
	@scripts/fuzz $(SECONDS)

faults: deps
	@scripts/build release
	@tests/faults/run build/release/bin

quarter: deps
	@scripts/build quarter
	@build/quarter/bin/test_quarter "[quarter]" --durations yes

bench: deps
	@scripts/build bench
	@bench/all build/bench/bin

docs:
	@scripts/docs

deb: deps-run
	@scripts/deb

test-system: deb
	@scripts/test-system build/deb

test-first-minute: deb
	@scripts/test-system build/deb first_minute

# 77 is a machine that cannot: the script says why.
test-containers: deb
	@scripts/test-containers build/deb || [ $$? -eq 77 ]

tarball: deps-run
	@scripts/tarball-libraries
	@scripts/build tarball
	@scripts/tarball

test-tarball: tarball
	@tests/tarball/run build/tarball/crmpulse-*-linux-x86_64.tar.gz || [ $$? -eq 77 ]
	@tests/tarball/older_systemd build/tarball/crmpulse-*-linux-x86_64.tar.gz || [ $$? -eq 77 ]

windows:
	@scripts/install-dependencies --windows
	@scripts/windows-libraries
	@scripts/build windows
	@scripts/windows-package

test-windows: windows build
	@scripts/test-windows build/windows build/release/bin

test-web:
	@scripts/test-web || [ $$? -eq 77 ]

test-arm64:
	@scripts/test-arm64 || [ $$? -eq 77 ]

test-distributions:
	@for suite in trixie noble; do scripts/test-distribution $$suite || [ $$? -eq 77 ] || exit 1; done

install: build
	@cmake -DCMAKE_INSTALL_PREFIX=$(PREFIX) build/release >/dev/null
	@DESTDIR=$(DESTDIR) cmake --install build/release

clean:
	@rm -rf build
