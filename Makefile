# Builds, installs and checks dbr.
#
#   make                     the programs, in build/bin
#   make check               every test; check-unit: only those that need no server
#   make lint                formatter, static analysis, shell scripts, layers
#   make install uninstall   below $(DESTDIR)$(PREFIX)
#   make dist deb            a source archive, a Debian package, in build
#
# Knobs: SANITIZE=address,undefined, DEVELOPER=1 (warnings are errors), V=1 (show commands). The caller's CC, CPPFLAGS,
# CFLAGS and LDFLAGS are added to what stands here, never replaced. Each set of knobs has objects of its own.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions
FISHCOMPDIR ?= $(DATADIR)/fish/vendor_completions.d
WEBDIR ?= $(DATADIR)/dbr/web
# Where systemd looks by itself, for /usr and /usr/local.
UNITDIR ?= $(PREFIX)/lib/systemd/system

INSTALL ?= install
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

# What a caller gives is kept apart from what the build needs.
CFLAGS ?= -O2 -g

comma := ,
empty :=
space := $(empty) $(empty)

# --- flag set -----------------------------------------------------------------

SET := $(if $(DEVELOPER),developer)$(if $(SANITIZE),$(if $(DEVELOPER),-)$(subst $(comma),-,$(SANITIZE)))
SET := $(or $(SET),normal)
BUILD := build/$(SET)
# Other flag sets must not replace the programs that people and scripts find in build/bin.
BIN := $(if $(filter normal,$(SET)),build/bin,$(BUILD)/bin)

PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags libpq libcjson zlib 2>/dev/null)
PKG_LIBS := $(or $(shell $(PKG_CONFIG) --libs libpq libcjson zlib 2>/dev/null),-lpq -lcjson -lz)
CMOCKA_LIBS := $(or $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null),-lcmocka)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wpointer-arith -Wundef -Wvla

SANITIZE_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)

# The probe runs once for a compiler and its flags; its answer is kept as a makefile.
PROBE_ID := $(shell printf '%s' '$(CC)|$(CFLAGS)' | cksum | cut -d' ' -f1)
PROBE := build/probe-$(PROBE_ID).mk
BUILDING := $(filter-out clean uninstall format help dist deb lint-format lint-shell lint-layers,$(or $(MAKECMDGOALS),all))
ifneq ($(BUILDING),)
include $(PROBE)
endif

# The sanitizers bring checks of their own, which FORTIFY_SOURCE would hide from them.
HARDEN := $(if $(SANITIZE),-fPIE,$(HARDEN_CFLAGS))

ALL_CPPFLAGS := -Ilib -D_GNU_SOURCE $(PKG_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS := -std=c11 $(WARNINGS) $(PROBED_WARNINGS) $(if $(DEVELOPER),-Werror) $(HARDEN) \
	$(SANITIZE_FLAGS) -pthread $(CFLAGS)
ALL_LDFLAGS := $(HARDEN_LDFLAGS) $(SANITIZE_FLAGS) -pthread $(LDFLAGS)
ALL_LIBS := $(PKG_LIBS) -lm $(LDLIBS)

Q := $(if $(V),,@)

# --- sources ------------------------------------------------------------------

# Lowest first. A layer includes, and its tests link, only itself and those before it.
LAYERS := base db cli state repl ops

LIB_SOURCES := $(sort $(foreach layer,$(LAYERS),$(wildcard lib/$(layer)/*.c)))
CMD_SOURCES := $(sort $(wildcard cmd/*.c))
TEST_SOURCES := $(sort $(foreach layer,$(LAYERS),$(wildcard tests/unit/$(layer)/test_*.c)))
HEADERS := $(sort $(wildcard lib/*/*.h tests/unit/*.h tests/unit/*/*.h))
C_FILES := $(sort $(LIB_SOURCES) $(CMD_SOURCES) $(HEADERS) $(wildcard tests/unit/*/*.c))
# Shell by extension or by first line.
SHELL_FILES = $(sort $(shell { find scripts tests -name .cache -prune -o -type f -name '*.ba[st]*' -print; \
	grep -rIlE --exclude-dir=.cache '^\#!.*[/ ](ba)?sh( |$$)' scripts tests; } 2>/dev/null))

PROGRAMS := $(CMD_SOURCES:cmd/%.c=%)
# Programs of the user that are scripts (dbr-backup) are installed beside the others.
SCRIPTS := $(sort $(patsubst scripts/%,%,$(wildcard scripts/dbr-*)))
# For DB_ON_EVENT; named by their path.
NOTIFY := $(sort $(wildcard scripts/notify/*))
MANPAGES := $(sort $(wildcard man/*.[157]))
# For package.json and PM2.
NPM_FILES := $(sort $(wildcard scripts/npm/*))
# Configurations of web servers and the status page, in the places that they have here.
WEB_FILES := $(sort $(shell find scripts/web -type f 2>/dev/null))
# Timers of the three kinds, with the paths of /usr/local, which are put right at the installation.
UNITS := $(sort $(wildcard scripts/systemd/*))
SCHEDULES := $(sort $(wildcard scripts/cron/* scripts/logrotate/*))
COMPLETIONS_BASH := $(sort $(wildcard completions/bash/*))
COMPLETIONS_ZSH := $(sort $(wildcard completions/zsh/_*))
COMPLETIONS_FISH := $(sort $(wildcard completions/fish/*.fish))

archive = $(BUILD)/lib$(1).a
objects = $(patsubst %.c,$(BUILD)/%.o,$(filter lib/$(1)/%,$(LIB_SOURCES)))
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
# Those layers up to and including $(1), the highest first, as a linker wants them.
upto_walk = $(if $(2),$(firstword $(2)) $(if $(filter $(1),$(firstword $(2))),,$(call upto_walk,$(1),$(wordlist 2,$(words $(2)),$(2)))))
upto = $(foreach layer,$(call reverse,$(strip $(call upto_walk,$(1),$(LAYERS)))),$(call archive,$(layer)))

BINARIES := $(PROGRAMS:%=$(BIN)/%)
# They look for the programs beside themselves.
BUILT_SCRIPTS := $(SCRIPTS:%=$(BIN)/%)
TESTS := $(TEST_SOURCES:tests/unit/%.c=$(BUILD)/tests/%)

.PHONY: all help clean install uninstall dist deb completions format \
	check check-unit $(LAYERS:%=check-unit-%) check-docs check-e2e check-valgrind check-matrix bench \
	lint lint-format lint-cppcheck lint-tidy lint-shell lint-layers FORCE
.DELETE_ON_ERROR:
.SUFFIXES:

all: $(BINARIES) $(BUILT_SCRIPTS)

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

# --- rules --------------------------------------------------------------------

$(PROBE): scripts/probe-flags
	@mkdir -p $(@D)
	@scripts/probe-flags '$(CC)' '$(CFLAGS)' >$@.new && mv $@.new $@

# Changes only when the flags do; every object depends on it.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(ALL_LIBS))' >$@.new
	@if cmp -s $@.new $@; then rm -f $@.new; else mv $@.new $@; fi

$(BUILD)/tests/%.o: ALL_CPPFLAGS += -Itests/unit

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC   $<")
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# A list of the members: an archive whose source file went away must lose its object.
define layer_rules
$(call archive,$(1)): $(call objects,$(1)) $(BUILD)/$(1).members
	$(if $(Q),@echo "  AR   $$@")
	$(Q)rm -f $$@ && $(AR) rcs $$@ $(call objects,$(1))

$(BUILD)/$(1).members: FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' $(call objects,$(1)) >$$@.new
	@if cmp -s $$@.new $$@; then rm -f $$@.new; else mv $$@.new $$@; fi

$(BUILD)/tests/$(1)/%: $(BUILD)/tests/unit/$(1)/%.o $(call upto,$(1))
	@mkdir -p $$(@D)
	$(if $(Q),@echo "  LD   $$@")
	$(Q)$(CC) $$< $(call upto,$(1)) $(ALL_LDFLAGS) $(CMOCKA_LIBS) $(ALL_LIBS) -o $$@
endef
$(foreach layer,$(LAYERS),$(eval $(call layer_rules,$(layer))))

# The libraries of a program where they are not all of them: loading libpq and what it needs in turn takes longer than
# a request of the API may, and a link that needs it after all fails.
LIBS_dbr-api = $(filter-out -lpq -lz,$(ALL_LIBS))

$(BINARIES): $(BIN)/%: $(BUILD)/cmd/%.o $(call upto,ops)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD   $@")
	$(Q)$(CC) $< $(call upto,ops) $(ALL_LDFLAGS) $(or $(LIBS_$*),$(ALL_LIBS)) -o $@

# What a script takes from these comes to stand in it.
EMBEDDED := program options throwaway envfile schedules crontab units \
	backup_store backup_files backup_verify backup_restore backup_schedule drill_copies setup_urls
embed = -e '/^\. .*\/lib\/$(1)\.bash"$$/{r scripts/lib/$(1).bash' -e 'd}'

$(BUILT_SCRIPTS): $(BIN)/%: scripts/% $(EMBEDDED:%=scripts/lib/%.bash)
	@mkdir -p $(@D)
	$(Q)sed $(foreach name,$(EMBEDDED),$(call embed,$(name))) $< >$@ && chmod 755 $@

.SECONDARY: $(patsubst %.c,$(BUILD)/%.o,$(LIB_SOURCES) $(CMD_SOURCES) $(TEST_SOURCES))
-include $(patsubst %.c,$(BUILD)/%.d,$(LIB_SOURCES) $(CMD_SOURCES) $(TEST_SOURCES))

# --- tests --------------------------------------------------------------------

export DBR_BIN := $(abspath $(BIN))

# Servers come last: what needs none tells sooner what is wrong. tests/run is the whole end-to-end suite.
check: check-unit check-docs check-e2e

check-unit: $(TESTS)
	tests/unit/run $(TESTS)

# One layer and nothing above it: make check-unit-base
$(foreach layer,$(LAYERS),$(eval check-unit-$(layer): $(filter $(BUILD)/tests/$(layer)/%,$(TESTS))))
$(LAYERS:%=check-unit-%): check-unit-%:
	tests/unit/run $(filter $(BUILD)/tests/$*/%,$(TESTS))

check-docs: all
	DBR_TEST_WRAPPER='bats --tap' DBR_TEST_TIMEOUT=$${DBR_TEST_TIMEOUT:-900} tests/unit/run $(sort $(wildcard tests/docs/*.bats))

check-e2e: all
	$(if $(wildcard tests/run),tests/run)

# A leak of a single byte fails. Children that tests start on purpose and kill are not asked.
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible \
	--errors-for-leak-kinds=definite,possible --child-silent-after-fork=yes

check-valgrind: $(TESTS)
	DBR_TEST_WRAPPER='$(VALGRIND)' tests/unit/run $(TESTS)

check-matrix: all
	tests/matrix

bench: all
	tests/bench/run

# --- quality ------------------------------------------------------------------

lint: lint-format lint-layers lint-shell lint-cppcheck lint-tidy

lint-format:
	$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)

lint-layers:
	scripts/check-layers
	scripts/check-hints

lint-shell:
	printf '%s\n' $(SHELL_FILES) | xargs -P $(JOBS) -n 40 shellcheck -x

lint-cppcheck:
	cppcheck -q --std=c11 --enable=warning,style,performance,portability --inline-suppr --error-exitcode=1 \
	--suppressions-list=.cppcheck -j $(JOBS) -Ilib -D_GNU_SOURCE $(LIB_SOURCES) $(CMD_SOURCES)

# The analyser follows paths up to that many nodes: what it finds beyond costs five times the time.
TIDY_NODES ?= 40000
analyzer_option = --extra-arg=-Xclang --extra-arg=$(1)
TIDY_FLAGS := --quiet --warnings-as-errors='*' $(call analyzer_option,-analyzer-config) \
	$(call analyzer_option,max-nodes=$(TIDY_NODES))

lint-tidy:
	printf '%s\n' $(LIB_SOURCES) $(CMD_SOURCES) | xargs -P $(JOBS) -I{} \
	$(CLANG_TIDY) $(TIDY_FLAGS) {} -- -std=c11 $(ALL_CPPFLAGS)

format:
	$(CLANG_FORMAT) -i $(C_FILES)

completions: all
	scripts/make-completions $(BIN) completions

# --- installation -------------------------------------------------------------

# Pairs "file:target" of all that is installed; install and uninstall both go by this list.
INSTALLED = \
	$(foreach name,$(PROGRAMS),$(BIN)/$(name):$(BINDIR)/$(name)) \
	$(foreach name,$(SCRIPTS),$(BIN)/$(name):$(BINDIR)/$(name)) \
	$(foreach file,$(NOTIFY),$(file):$(DATADIR)/dbr/notify/$(notdir $(file))) \
	$(foreach file,$(NPM_FILES),$(file):$(DATADIR)/dbr/npm/$(notdir $(file))) \
	$(foreach page,$(MANPAGES),$(page):$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach file,$(WEB_FILES),$(file):$(WEBDIR)/$(file:scripts/web/%=%)) \
	$(foreach file,$(UNITS),$(file):$(UNITDIR)/$(notdir $(file))) \
	$(foreach file,$(SCHEDULES),$(file):$(DATADIR)/dbr/$(file:scripts/%=%)) \
	$(foreach file,$(COMPLETIONS_BASH),$(file):$(BASHCOMPDIR)/$(notdir $(file))) \
	$(foreach file,$(COMPLETIONS_ZSH),$(file):$(ZSHCOMPDIR)/$(notdir $(file))) \
	$(foreach file,$(COMPLETIONS_FISH),$(file):$(FISHCOMPDIR)/$(notdir $(file)))

# Not programs.
PLACED := scripts/systemd/* | scripts/cron/* | scripts/logrotate/*

# What names an installed file by its path stands here as it is with the default PREFIX.
install: all
	@set -e; for pair in $(INSTALLED); do \
		file=$${pair%%:*}; target='$(DESTDIR)'$${pair#*:}; mode=644; \
		case "$$file" in *.sh | scripts/web/*.* | scripts/npm/*.* | $(PLACED)) ;; $(BIN)/*|scripts/*) mode=755;; esac; \
		mkdir -p "$$(dirname "$$target")"; echo "  INSTALL $$target"; \
		$(INSTALL) -m $$mode "$$file" "$$target"; \
		case " $(BINARIES) " in *" $$file "*) ;; *) \
			sed -i 's|/usr/local/bin\>|$(BINDIR)|g; s|/usr/local/share/dbr\>|$(DATADIR)/dbr|g' "$$target";; \
		esac; \
	done

uninstall:
	@set -e; for pair in $(INSTALLED); do \
		target='$(DESTDIR)'$${pair#*:}; echo "  RM   $$target"; rm -f "$$target"; \
	done

dist:
	scripts/make-dist

deb:
	scripts/package-deb

clean:
	rm -rf build
