# collapse: one Makefile, no configure. `make help` lists the targets.
CC      = mpicc
BUILD   = build
PREFIX  = /usr/local
WERROR  =
V       = 0
Q       = $(if $(filter 1,$(V)),,@)

HDF5     = hdf5-openmpi
# BLIS stands first, so that LAPACK and ScaLAPACK call its BLAS and no other.
SCALAPACK = -lscalapack-openmpi -llapack
PACKAGES = $(HDF5) jansson libutf8proc libxxhash libcrypto
WARN     = -Wall -Wextra -Wshadow -Wvla -Wdouble-promotion -Wstrict-prototypes -Wno-unknown-pragmas $(if $(WERROR),-Werror)
OPT      = -O2 -g -DNDEBUG
CFLAGS  += -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -fopenmp $(OPT) $(WARN)
CPPFLAGS += -Iinclude $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS   = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lblis $(SCALAPACK) -lm
# Elementwise kernels: wide loops and fused multiply-add, but no reordering that would lose a NaN.
VECTOR   = -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast
GIT_ID  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

ifeq ($(shell uname -m),x86_64)
ISAS     = plain avx2 avx512
VARIANTS = -DHAVE_X86_VARIANTS
else
ISAS     = plain
endif
FLAGS_plain  =
FLAGS_avx2   = -mavx2 -mfma
FLAGS_avx512 = -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512

VECTOR_SRC  = $(filter-out src/kernels/vector.c,$(wildcard src/kernels/vector_*.c))
MAIN_SRC    = $(wildcard src/commands/*.c)
LIB_SRC     = $(filter-out $(VECTOR_SRC) $(MAIN_SRC) src/base/version.c,$(wildcard src/*/*.c))
TOOL_SRC    = $(wildcard hdf5-tools/collapse-*.c)
TOOLS       = $(patsubst hdf5-tools/%.c,$(BUILD)/%,$(TOOL_SRC))
VECTOR_OBJ  = $(foreach isa,$(ISAS),$(patsubst src/%.c,$(BUILD)/%.$(isa).o,$(VECTOR_SRC)))
LIB_OBJ     = $(patsubst src/%.c,$(BUILD)/%.o,$(LIB_SRC)) $(VECTOR_OBJ) $(BUILD)/base/version.o
MAIN_OBJ    = $(patsubst src/%.c,$(BUILD)/%.o,$(MAIN_SRC))

.DEFAULT_GOAL = all
.DELETE_ON_ERROR:
.SUFFIXES:

## all: build/collapse and the HDF5 tools beside it
.PHONY: all
all: $(BUILD)/collapse $(TOOLS)

$(BUILD)/collapse: $(MAIN_OBJ) $(LIB_OBJ)
	@echo "  link    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/collapse-%: $(BUILD)/hdf5-tools/collapse-%.o $(BUILD)/hdf5-tools/tool.o $(LIB_OBJ)
	@echo "  link    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/collapse-export: $(BUILD)/hdf5-tools/export_folder.o
$(BUILD)/collapse-report: $(BUILD)/hdf5-tools/svg.o $(BUILD)/hdf5-tools/report_data.o

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  cc      $<"
	$(Q)$(CC) $(CPPFLAGS) $(VARIANTS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/hdf5-tools/%.o: hdf5-tools/%.c
	@mkdir -p $(@D)
	@echo "  cc      $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define vector_rule
$(BUILD)/%.$(1).o: src/%.c
	@mkdir -p $$(@D)
	@echo "  cc      $$< ($(1))"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(VECTOR) $(FLAGS_$(1)) -DISA=$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach isa,$(ISAS),$(eval $(call vector_rule,$(isa))))

# The git id is compiled in, so this file is compiled anew when the id changes.
$(BUILD)/git-id: FORCE
	@mkdir -p $(BUILD)
	@echo '$(GIT_ID)' | cmp -s - $@ || echo '$(GIT_ID)' > $@
$(BUILD)/base/version.o: src/base/version.c $(BUILD)/git-id
	@mkdir -p $(@D)
	@echo "  cc      $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -DGIT_ID='"$(GIT_ID)"' -MMD -MP -c -o $@ $<
.PHONY: FORCE
FORCE:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# --- tests ---------------------------------------------------------------------------------------
# tests/<folder>/test_x.c links the program's objects; test_x_f64.c those built with real = double.
TEST_SRC    = $(wildcard tests/*/test_*.c)
TEST_TOOLS  = $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(wildcard tests/tools/*.c))
TESTS       = $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SRC))
F64_OBJ     = $(patsubst $(BUILD)/%,$(BUILD)/f64/%,$(filter-out $(BUILD)/base/version.o,$(LIB_OBJ))) $(BUILD)/base/version.o

$(BUILD)/f64/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  cc      $< (f64)"
	$(Q)$(CC) $(CPPFLAGS) $(VARIANTS) $(CFLAGS) -DREAL_IS_DOUBLE -MMD -MP -c -o $@ $<

define vector_rule_f64
$(BUILD)/f64/%.$(1).o: src/%.c
	@mkdir -p $$(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(VECTOR) -Wno-pass-failed $(FLAGS_$(1)) -DISA=$(1) -DREAL_IS_DOUBLE -MMD -MP -c -o $$@ $$<
endef
$(foreach isa,$(ISAS),$(eval $(call vector_rule_f64,$(isa))))

# Static rules: among pattern rules make would prefer the one whose prerequisites happen to exist.
TESTS_F64 = $(filter %_f64,$(TESTS))
TESTS_F32 = $(filter-out %_f64,$(TESTS)) $(TEST_TOOLS)

$(TESTS_F64:=.o): $(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -DREAL_IS_DOUBLE -MMD -MP -c -o $@ $<
$(TESTS_F32:=.o): $(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(TESTS_F64): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(F64_OBJ)
	@echo "  link    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(TESTS_F32): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB_OBJ)
	@echo "  link    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
.SECONDARY:

.PHONY: tests
tests: all $(TESTS) $(TEST_TOOLS)

## check: all tests, under five minutes; installs what is missing first
.PHONY: check
check: deps
	$(Q)$(MAKE) --no-print-directory tests
	@tests/run $(BUILD) $(TEST)

## check-torch: compare with PyTorch and transformers (PYTHON=python3 with torch, transformers, h5py)
PYTHON = python3
.PHONY: check-torch
check-torch: all
	$(PYTHON) tests/oracle/check_torch.py $(BUILD) $(wildcard ../shared)

## asan: the same tests under the address and undefined-behaviour sanitizers
ASAN = -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
.PHONY: asan
asan: deps
	$(Q)$(MAKE) --no-print-directory BUILD=build/asan OPT="-O1 -g $(ASAN)" tests
	@ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
	    KILLS=4 tests/run build/asan $(TEST)

## same-bits: does this source compute the bits of commit REF? (REF= SETTINGS= RANKS=; see tests/same_bits.sh)
.PHONY: same-bits
same-bits: $(BUILD)/collapse $(BUILD)/tests/tools/compare
	@SETTINGS="$(SETTINGS)" RANKS="$(RANKS)" tests/same_bits.sh $(BUILD) "$(REF)"

## demo: grammar -> text -> BERT -> debiased BERT -> tables, in under three minutes
.PHONY: demo
demo: deps
	$(Q)$(MAKE) --no-print-directory all
	@jobs/demo/demo.sh $(BUILD) $(BUILD)/demo

## bench: training steps against PyTorch in turn (PYTHON= with torch; MODELS= FILLS= ROUNDS=)
.PHONY: bench
bench: all
	@tests/bench.sh $(BUILD) $(PYTHON)

## scaling: measure steps and sums on 1 to 8 ranks, predict a cluster (MODEL= CORES= NET=; see tests/scaling.sh)
.PHONY: scaling
scaling: all
	@tests/scaling.sh $(BUILD)

## deps: install missing Debian packages, or name what a cluster lacks
.PHONY: deps
deps:
	@tests/deps.sh build

## lint: layer rule, sizes, format, warnings of gcc and clang
.PHONY: lint
lint:
	@mkdir -p build
	@tests/lint.sh

## format: apply .clang-format
.PHONY: format
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

## docs: docs/keys.md from the tables behind --help
.PHONY: docs
docs: all
	$(Q)tests/keys.sh $(BUILD) > docs/keys.md

## install: programs to PREFIX/bin, example jobs and docs to PREFIX/share/collapse (PREFIX= DESTDIR=)
.PHONY: install
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/collapse
	install -m 755 $(BUILD)/collapse $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	cp -R jobs docs README.md LICENSE $(DESTDIR)$(PREFIX)/share/collapse

## clean: remove what was built
.PHONY: clean
clean:
	rm -rf $(BUILD)

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo "  V=1 shows commands; TEST=word runs the tests whose path holds it"
