# Everything that is done with Ebb from its source folder.  `make help` lists it.
#
# The work itself is in tools/, cmake and ninja; this file only says what needs what.

PRESET ?= release
BUILD   = build/$(PRESET)

.PHONY: help deps build demo stop test check format bench asan tsan crash soak clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | sort | column -t -s "$$(printf '\t')"

deps:
	@tools/install-packages

$(BUILD)/build.ninja: | deps
	@echo "Building in $(BUILD): the first time takes minutes"
	@cmake --preset $(PRESET) >/dev/null

build: $(BUILD)/build.ninja  ## the program, at build/release/ebb
	@ninja -C $(BUILD) --quiet ebb

demo: build  ## real photographs, real thumbnails, and what they cost
	@tools/demo $(BUILD)/ebb

stop:  ## end the server that `make demo` left running
	@tools/demo-stop

test: $(BUILD)/build.ninja  ## everything that is quick enough to run always
	@ninja -C $(BUILD) --quiet
	@tools/run-tests --build $(BUILD)

check: $(BUILD)/build.ninja  ## layers, formatting, clang-tidy on changed files
	@tools/run-tests --build $(BUILD) checks

format:  ## format every source file
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

asan:  ## the tests, with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory test PRESET=asan

tsan:  ## the unit tests, with ThreadSanitizer
	@cmake --preset tsan >/dev/null && ninja -C build/tsan --quiet
	@tools/run-tests --build build/tsan unit

soak: $(BUILD)/build.ninja  ## 100,000 cold starts, then: is anything left of them?
	@ninja -C $(BUILD) ebb roundtrip hello_native
	@EBB=$(BUILD)/ebb tests/soak/run

crash: build  ## kill -9 at 20 random moments while 1,000 objects go in
	@EBB=$(BUILD)/ebb tests/crash/run --objects 1000 --kills 20

bench: $(BUILD)/build.ninja  ## the claims of docs/performance.md, measured here
	@ninja -C $(BUILD) --quiet
	@bench/run --build $(BUILD)

clean:  ## remove what was built (not ./data)
	@rm -rf build
