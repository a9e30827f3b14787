#  The front door: each goal does, from a fresh clone, all that it needs, packages included.
#  SPDX-License-Identifier: Apache-2.0

#  How many processors `make run` starts, and how many jobs the builds and tests may use.
PROCESSORS ?= 1
JOBS ?= $(shell nproc)

export PROCESSORS JOBS

.DEFAULT_GOAL := help
.PHONY: help build run test unit lint format asan tsan compose-test fresh-test clean

help: ##  this list
	@sed -n 's/^\([a-z-]*\):.*##  /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

build: ##  the programs, in build/bin
	scripts/install-dependencies.sh build
	cmake --preset release -D BUILD_TESTING=OFF
	cmake --build --preset release --parallel $(JOBS)

run: build ##  a gateway and PROCESSORS=1 processors in the foreground, until Ctrl-C
	scripts/run.sh

test: ##  every test, unit and system
	scripts/test.sh release

unit: ##  the unit tests alone
	scripts/test.sh release --label-regex unit

lint: ##  formatting, static analysis, and builds where warnings are errors
	scripts/lint.sh

format: ##  clang-format over all C and C++
	scripts/install-dependencies.sh lint
	git ls-files --cached --others --exclude-standard '*.[ch]' '*.cpp' | xargs clang-format -i

asan: ##  every test with AddressSanitizer and UndefinedBehaviorSanitizer
	scripts/test.sh asan

tsan: ##  the system tests with ThreadSanitizer
	scripts/test.sh tsan

compose-test: ##  docker-compose up, for real, driven with curl
	scripts/compose-test.sh

fresh-test: ##  `make test` and `make run` in a container with nothing but the clone, make and git
	scripts/fresh-test.sh

clean: ##  remove what was built (var/ stays)
	rm -rf build build-*
