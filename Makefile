# storehook -- build, test, install. `make run` shows it working; `make test` checks everything.
#
#   all       build/storehook                     run      packages, build, a demo that goes on serving (ARGS="--port 0")
#   test      packages, build, every test         bench    benchmarks (docs say what they measure)
#   fuzz      fuzzers, property tests' seeds       lint     include arrows, layout, cppcheck, words
#   format    clang-format over all C files       deps     packages: list all, install the missing ones
#   install   into DESTDIR PREFIX                 clean    removes BUILD
#   valgrind  unit tests, and `up` with its roles, under memcheck
#   docs      pages made from settings and tests  unit     unit tests alone; check: all tests, nothing built
#   test-postgres  the tests of contacts, with PostgreSQL as their database (ROUNDS, SEEDS, EVENTS: how many)
#
# FUZZ_SECONDS=30 a fuzzer, FUZZ_SEEDS=10000 a property test (hours; 0 = none; `make test` runs 200).
# BUILD=dir, SHARED=dir (facts the tests read), SANITIZE=address,undefined, CC, CXX, CFLAGS, V=1 (show commands).
.DEFAULT_GOAL := all

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
SHARED ?= ../shared
SANITIZE ?=
FUZZ_SECONDS ?= 30
FUZZ_SEEDS ?= 10000
CC ?= cc
CXX ?= c++
HOSTCC ?= cc
CLANG ?= clang
CLANGXX ?= clang++
CFLAGS ?= -O2 -g
PYTHON ?= /usr/bin/python3
INSTALL ?= install
ARGS ?=
TESTS ?=
V ?=

PACKAGES := libevent libevent_openssl openssl hiredis jansson libcurl sqlite3 libpq libidn2 inih simdjson
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wvla -Wformat=2
C_WARNINGS := -std=c11 $(WARNINGS) -Wstrict-prototypes -Wmissing-prototypes
SANITIZE_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
CPPFLAGS_ALL := -D_GNU_SOURCE -Isrc -I. $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null) $(CPPFLAGS)
CFLAGS_ALL := $(C_WARNINGS) -include src/base/poison.h $(CFLAGS) $(SANITIZE_FLAGS)
CXXFLAGS_ALL := -std=c++17 $(WARNINGS) -fno-exceptions -fno-rtti $(CFLAGS) $(SANITIZE_FLAGS)
LDFLAGS_ALL := $(LDFLAGS) $(SANITIZE_FLAGS)
LDLIBS_ALL := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpthread -lm -lstdc++ $(LDLIBS)

SOURCES := $(filter-out src/main.c,$(wildcard src/*/*.c)) $(wildcard verify/*.c)
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(patsubst %.cpp,$(BUILD)/%.o,$(wildcard src/*/*.cpp)) $(BUILD)/gen/routes_builtin.o $(BUILD)/gen/visit_js.o $(BUILD)/gen/skip.o
LIBRARY := $(BUILD)/libstorehook.a
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
SLOW := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/property/test_*.c tests/fault/test_*.c))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(patsubst %.c,$(BUILD)/%,$(wildcard bench/*.c))
ROUTES := $(wildcard routes/*.json)
FLAGS := $(BUILD)/flags
LIST := $(BUILD)/objects

# As many jobs as cores, unless the caller said how many.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))

all: $(BUILD)/storehook

$(BUILD)/storehook: $(BUILD)/src/main.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

# A source that goes away makes a new library, too.
$(LIBRARY): $(OBJECTS) $(LIST)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(OBJECTS)

# Stamps, written only when they change: with which flags everything is compiled; what the library is made of.
$(FLAGS): FORCE
	@pkg-config --exists --print-errors $(PACKAGES) || { echo "libraries are missing: make deps" >&2; exit 1; }
	$(shell mkdir -p $(@D))$(file >$@.new,$(CC) $(CXX) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CXXFLAGS_ALL) $(LDFLAGS_ALL) $(LDLIBS_ALL))
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(LIST): FORCE
	$(shell mkdir -p $(@D))$(file >$@.new,$(OBJECTS))
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/%.o: %.c $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.cpp $(FLAGS)
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CPPFLAGS_ALL) $(CXXFLAGS_ALL) -MMD -MP -c -o $@ $<

# Generated: the route files and the script of shops as tables, the program that makes it, and what it is made from.
$(BUILD)/gen/embed: tools/embed.c
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=c11 -O1 -o $@ $<

$(BUILD)/gen/routes_builtin.c: $(BUILD)/gen/embed $(ROUTES) $(FLAGS)
	$(call say,GEN,$@)
	@$(BUILD)/gen/embed route/builtin.h builtin_route builtin_routes $(ROUTES) > $@.tmp && mv $@.tmp $@

$(BUILD)/gen/visit_js.c: $(BUILD)/gen/embed src/engine/visit.js
	$(call say,GEN,$@)
	@$(BUILD)/gen/embed engine/visit_js.h visit_js visit_js src/engine/visit.js > $@.tmp && mv $@.tmp $@

$(BUILD)/gen/skip.c: $(BUILD)/gen/embed src/store/skip.txt
	$(call say,GEN,$@)
	@$(BUILD)/gen/embed store/skip.h builtin_skip builtin_skips src/store/skip.txt > $@.tmp && mv $@.tmp $@

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(LIBRARY) $(FLAGS)
	$(call say,TEST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -Itests/unit $(CFLAGS_ALL) -MMD -MP -MT $@ -MF $@.d $(LDFLAGS_ALL) -o $@ $< $(LIBRARY) $(LDLIBS_ALL) -lcmocka

# Fuzzers need clang and a library of their own: `make fuzz` calls make again with the right flags.
$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(LIBRARY) $(FLAGS)
	$(call say,FUZZ,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -MT $@ -MF $@.d $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $< $(LIBRARY) $(LDLIBS_ALL)

$(BUILD)/bench/%: bench/%.c $(LIBRARY) $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -MT $@ -MF $@.d $(LDFLAGS_ALL) $(BENCH_FLAGS) -o $@ $< $(LIBRARY) $(LDLIBS_ALL)

deps:
	@tools/deps --list run test lint fuzz valgrind

# Packages come first, in a make of its own: the flags above ask pkg-config, which must know the libraries by then.
run:
	@tools/deps run
	@$(MAKE) --no-print-directory $(JOBS) all
	@exec $(BUILD)/storehook up --demo $(ARGS)

test:
	@tools/deps run test
	@$(MAKE) --no-print-directory $(JOBS) all test-programs
	@$(MAKE) --no-print-directory check

test-programs: $(UNIT) $(SLOW)

# Runs what is built; TESTS limits it to programs or pytest files whose name contains that word.
check:
	@SHARED='$(SHARED)' $(PYTHON) tools/run-tests --build '$(BUILD)' --match '$(TESTS)' $(UNIT) $(SLOW) tests/integration

# The tests of what a contact becomes, once more on a private PostgreSQL (tests/private-postgres).
ON_POSTGRES := $(patsubst %,$(BUILD)/tests/unit/test_%,account carts carts_once contact_address contact_arrival contact_carts contact_erase contact_fields contact_groups contact_limit contact_orders contact_people drain_batch drain_elements edit lists merge notice notice_work parked source source_secret trigger trigger_acts)

STORIES := $(BUILD)/tests/property/test_contacts $(BUILD)/tests/property/test_drainers

test-postgres:
	@tools/deps run test
	@$(MAKE) --no-print-directory $(JOBS) all $(ON_POSTGRES) $(STORIES)
	@STOREHOOK_TEST_DATABASE=postgres SHARED='$(SHARED)' $(PYTHON) tools/run-tests --build '$(BUILD)' $(ON_POSTGRES)
	@STOREHOOK_TEST_DATABASE=postgres SEEDS=$${SEEDS:-4} EVENTS=$${EVENTS:-200} SHARED='$(SHARED)' $(PYTHON) tools/run-tests --build '$(BUILD)' $(STORIES)
	@STOREHOOK_TEST_DATABASE=postgres ROUNDS=$${ROUNDS:-6} SEEDS=$${SEEDS:-4} HTTPS_SEEDS=$${HTTPS_SEEDS:-1} CART_ROUNDS=$${CART_ROUNDS:-4} NOTICE_ROUNDS=$${NOTICE_ROUNDS:-6} \
		SHARED='$(SHARED)' $(PYTHON) tools/run-tests --build '$(BUILD)' --match 'spec or carts or triggers or convergence or limit or account or crash or payloads or quickstart or notices' tests/integration

unit: $(UNIT)
	@SHARED='$(SHARED)' $(PYTHON) tools/run-tests --build '$(BUILD)' --match '$(TESTS)' $(UNIT)

fuzz:
	@tools/deps run test fuzz
	@$(MAKE) --no-print-directory $(JOBS) BUILD='$(BUILD)-fuzz' CC='$(CLANG)' CXX='$(CLANGXX)' \
		SANITIZE=address,undefined CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzz-programs
	@tools/run-fuzzers $(FUZZ_SECONDS) '$(BUILD)-fuzz' $(FUZZERS:$(BUILD)/%=$(BUILD)-fuzz/%)
	@[ '$(FUZZ_SEEDS)' = 0 ] || $(MAKE) --no-print-directory $(JOBS) seeds

fuzz-programs: $(FUZZERS)

seeds: $(SLOW)
	@tools/run-seeds '$(FUZZ_SEEDS)' '$(BUILD)' $(SLOW)

valgrind:
	@tools/deps run test valgrind
	@$(MAKE) --no-print-directory $(JOBS) all valgrind-programs
	@SHARED='$(SHARED)' tools/run-valgrind '$(BUILD)' $(UNIT)

valgrind-programs: $(UNIT)

# The parts of the drainer's work are timed from outside: the linker puts the benchmark's functions before them.
TIMED := route_map job_want facts_load_wanted seen_take erase_when scope_load contact_apply scope_save facts_flush db_commit
$(BUILD)/bench/drain: private BENCH_FLAGS := $(TIMED:%=-Wl,--wrap=%)

bench: $(BUILD)/storehook $(BENCHES)
	@tools/run-benches '$(BUILD)' $(BENCHES)

lint:
	@tools/deps run lint
	@tools/lint

# The pages that are made from the program and the tests: settings, sample, state of the rules.
docs: all
	@STOREHOOK_BIN='$(BUILD)/storehook' tools/docs

format:
	@clang-format -i $$(git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.cpp')

install: all
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/storehook/routes \
		$(DESTDIR)$(PREFIX)/share/storehook/nginx $(DESTDIR)$(PREFIX)/share/storehook/systemd
	$(INSTALL) -m 755 $(BUILD)/storehook $(DESTDIR)$(PREFIX)/bin/storehook
	$(INSTALL) -m 644 docs/man/storehook.1 $(DESTDIR)$(PREFIX)/share/man/man1/storehook.1
	$(INSTALL) -m 644 docs/storehook.ini $(DESTDIR)$(PREFIX)/share/storehook/storehook.ini
	$(if $(ROUTES),$(INSTALL) -m 644 $(ROUTES) $(DESTDIR)$(PREFIX)/share/storehook/routes/)
	$(INSTALL) -m 644 nginx/*.conf $(DESTDIR)$(PREFIX)/share/storehook/nginx/
	$(INSTALL) -m 644 tools/systemd/*.service $(DESTDIR)$(PREFIX)/share/storehook/systemd/

clean:
	rm -rf $(BUILD) $(BUILD)-*

FORCE:
.PHONY: all deps run test test-programs check test-postgres unit fuzz fuzz-programs seeds valgrind valgrind-programs bench lint docs format install clean FORCE
.DELETE_ON_ERROR:
-include $(OBJECTS:.o=.d) $(BUILD)/src/main.d $(patsubst %,%.d,$(UNIT) $(SLOW) $(FUZZERS) $(BENCHES))
