#  Each goal does everything that it needs from a fresh clone, the installation of packages included.
#  SPDX-License-Identifier: Apache-2.0

#  How many processors `make run` starts, and how many jobs the builds and tests may use.
PROCESSORS ?= 2
JOBS ?= $(shell nproc)

export PROCESSORS JOBS

.DEFAULT_GOAL := help
.PHONY: help build run test test-distributed unit lint model format asan tsan coverage chaos clients deb package-test compose-test fresh-test release-test bench soak fuzz clean

help: ##  this list
	@sed -n 's/^\([a-z-]*\):.*##  /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

build: ##  the programs, in build/bin
	scripts/install-dependencies.sh build
	cmake --preset release -D BUILD_TESTING=OFF
	cmake --build --preset release --parallel $(JOBS)

run: build ##  a gateway and PROCESSORS=2 processors in the foreground, until Ctrl-C
	scripts/install-dependencies.sh run
	scripts/run.sh

test: ##  every test, unit and system
	scripts/test.sh release

unit: ##  the unit tests alone
	scripts/test.sh release --label-regex unit

test-distributed: ##  hosts, databases and brokers that fail, for 50 minutes, or DISTRIBUTED="kills:10 promotions:2"
	scripts/test-distributed.sh $(DISTRIBUTED)

lint: ##  formatting, static analysis, and builds where warnings are errors
	scripts/lint.sh

model: ##  ownership and delivery in every order of events, with spin
	scripts/model.sh

format: ##  clang-format over all C and C++
	scripts/install-dependencies.sh lint
	git ls-files --cached --others --exclude-standard '*.[ch]' '*.[ch]pp' | xargs clang-format -i

asan: ##  the tests of the programs with AddressSanitizer and UndefinedBehaviorSanitizer
	scripts/test.sh asan

tsan: ##  the system tests with ThreadSanitizer
	scripts/test.sh tsan

coverage: ##  the lines that the tests run, by folder; build-coverage/coverage.html has each line
	scripts/coverage.sh

fuzz: ##  every decoder of untrusted bytes, FUZZ_SECONDS=60 each: libFuzzer with sanitizers (tests/fuzz)
	scripts/fuzz.sh $(FUZZ)

chaos: ##  faults under load for an hour and a half, or CHAOS="kills:100 stops"
	scripts/chaos.sh $(CHAOS)

compose-test: ##  docker-compose up, for real, driven with curl
	scripts/compose-test.sh

clients: ##  clients from generators of PyPI, npm and Maven Central post and read; also through proxies
	scripts/clients.sh

deb: ##  the Debian package, in build-package
	scripts/build-package.sh

package-test: ##  that package, installed in a container and run by systemd
	scripts/package-test.sh

fresh-test: ##  `make test` and `make run` in a container with nothing but the clone: RELEASE=trixie, FRESH=--user
	scripts/fresh-test.sh $(FRESH) $(RELEASE)

release-test: ##  every test on the Debian release that this machine does not have
	scripts/other-release.sh $(RELEASE)

bench: ##  measure Downlink beside its peers: ROWS="post get" for some rows (bench/README.md)
	scripts/bench.sh run.py $(ROWS)

soak: ##  an hour of load with restarts, or SOAK_SECONDS=600: memory and latency must stay flat
	scripts/bench.sh soak.py

clean: ##  remove what was built (var/ stays)
	rm -rf build build-*
