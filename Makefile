# collapse: one Makefile, no configure. `make help` lists the targets.
BUILD   = build
PREFIX  = /usr/local
WERROR  =
V       = 0
Q       = $(if $(filter 1,$(V)),,@)

# MPI=mpich takes Debian's MPICH, which may stand beside Open MPI. Any other MPI, and names of a cluster's modules,
# by the variables themselves (docs/cluster.md).
MPI = openmpi
ifeq ($(MPI),openmpi)
CC        = mpicc
MPIRUN   ?= mpirun
HDF5      = hdf5-openmpi
SCALAPACK = -lscalapack-openmpi -llapack
else ifeq ($(MPI),mpich)
CC        = mpicc.mpich
MPIRUN   ?= mpiexec.mpich
HDF5      = hdf5-mpich
SCALAPACK = -lscalapack-mpich -llapack
else
$(error MPI=$(MPI): openmpi or mpich; for another MPI give CC=, MPIRUN=, HDF5= and SCALAPACK=)
endif
PKG_CONFIG ?= pkg-config
export MPIRUN

# CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS belong to whoever calls make; they are added to what the program needs and
# stand behind it, where they win (for libraries: in front, where they are found first).
PACKAGES    = $(HDF5) jansson libutf8proc libxxhash libcrypto zlib
# oneDNN is optional: API 2 or 3 is taken where its header is found. ONEDNN=no leaves it out, ONEDNN=yes insists.
HASH       := \#
ONEDNN     := $(shell printf '%s\n' '$(HASH)include <dnnl.h>' '$(HASH)if DNNL_VERSION_MAJOR != 2 && DNNL_VERSION_MAJOR != 3' '$(HASH)error' '$(HASH)endif' | $(CC) $(CPPFLAGS) $(CFLAGS) -E - > /dev/null 2>&1 && echo yes || echo no)
WARN        = -Wall -Wextra -Wshadow -Wvla -Wdouble-promotion -Wstrict-prototypes -Wno-unknown-pragmas $(if $(WERROR),-Werror)
OPT         = -O2 -g -DNDEBUG
# Intel's icx assumes by default that there are no NaNs; precise takes that back. Others do not know the flag.
PRECISE    := $(if $(findstring Intel,$(shell $(CC) --version 2>/dev/null)),-fp-model=precise)
C_FLAGS     = -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -fopenmp $(OPT) $(PRECISE) $(WARN)
CPP_FLAGS  := -Iinclude $(if $(filter yes,$(ONEDNN)),-DHAVE_ONEDNN) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
# BLIS stands first, so that LAPACK and ScaLAPACK call its BLAS and no other.
LIBRARIES  := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lblis $(SCALAPACK) $(if $(filter yes,$(ONEDNN)),-ldnnl) -lm
COMPILE     = $(CC) $(CPP_FLAGS) $(CPPFLAGS) $(C_FLAGS) $(CFLAGS)
LINK        = $(CC) $(C_FLAGS) $(CFLAGS) $(LDFLAGS)
# Elementwise kernels: wide loops and fused multiply-add, but no reordering that would lose a NaN.
VECTOR      = -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast
GIT_ID     := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

# The compiler's target, not this machine: CC may be a cross compiler.
TARGET     := $(or $(shell $(CC) -dumpmachine 2>/dev/null),$(shell uname -m))
ifneq ($(filter x86_64%,$(TARGET)),)
ISAS     = plain avx2 avx512
VARIANTS = -DHAVE_X86_VARIANTS
else
ISAS     = plain
endif
FLAGS_plain  =
OWN_FLAGS    =
FLAGS_avx2   = -mavx2 -mfma
FLAGS_avx512 = -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512
# The one file of instructions that not every processor with AVX-512 has.
ifdef VARIANTS
$(BUILD)/kernels/bf16_tile.o $(BUILD)/f64/kernels/bf16_tile.o: OWN_FLAGS = $(VECTOR) $(FLAGS_avx512) -mavx512bf16
endif

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
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LDLIBS) $(LIBRARIES)

$(BUILD)/collapse-%: $(BUILD)/hdf5-tools/collapse-%.o $(BUILD)/hdf5-tools/tool.o $(LIB_OBJ)
	@echo "  link    $@"
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LDLIBS) $(LIBRARIES)

$(BUILD)/collapse-export: $(BUILD)/hdf5-tools/export_folder.o
$(BUILD)/collapse-report: $(BUILD)/hdf5-tools/svg.o $(BUILD)/hdf5-tools/page.o $(BUILD)/hdf5-tools/report_data.o \
                          $(BUILD)/hdf5-tools/report_figures.o $(BUILD)/hdf5-tools/report_runs.o $(BUILD)/hdf5-tools/report_scores.o
$(BUILD)/collapse-ladder: $(BUILD)/hdf5-tools/svg.o $(BUILD)/hdf5-tools/page.o $(BUILD)/hdf5-tools/ladder_data.o \
                          $(BUILD)/hdf5-tools/ladder_statistics.o $(BUILD)/hdf5-tools/ladder_page.o

$(BUILD)/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  cc      $<"
	$(Q)$(COMPILE) $(OWN_FLAGS) $(VARIANTS) -MMD -MP -c -o $@ $<

$(BUILD)/hdf5-tools/%.o: hdf5-tools/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  cc      $<"
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

define vector_rule
$(BUILD)/%.$(1).o: src/%.c $(BUILD)/flags
	@mkdir -p $$(@D)
	@echo "  cc      $$< ($(1))"
	$(Q)$(COMPILE) $(VECTOR) $(FLAGS_$(1)) -DISA=$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach isa,$(ISAS),$(eval $(call vector_rule,$(isa))))

# Everything is compiled anew when compiler or flags are others than last time: objects of two MPIs do not mix.
$(BUILD)/flags: export LINE = $(COMPILE) $(LDFLAGS) $(LDLIBS) $(LIBRARIES)
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' "$$LINE" | cmp -s - $@ || printf '%s\n' "$$LINE" > $@

# The git id is compiled in, so this file is compiled anew when the id changes.
$(BUILD)/git-id: FORCE
	@mkdir -p $(BUILD)
	@echo '$(GIT_ID)' | cmp -s - $@ || echo '$(GIT_ID)' > $@
$(BUILD)/base/version.o: src/base/version.c $(BUILD)/git-id $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  cc      $<"
	$(Q)$(COMPILE) -DGIT_ID='"$(GIT_ID)"' -MMD -MP -c -o $@ $<
.PHONY: FORCE
FORCE:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# --- tests ---------------------------------------------------------------------------------------
# tests/<folder>/test_x.c links the program's objects; test_x_f64.c those built with real = double.
TEST_SRC    = $(wildcard tests/*/test_*.c)
TEST_TOOLS  = $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(wildcard tests/tools/*.c))
TESTS       = $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SRC))
F64_OBJ     = $(patsubst $(BUILD)/%,$(BUILD)/f64/%,$(filter-out $(BUILD)/base/version.o,$(LIB_OBJ))) $(BUILD)/base/version.o

$(BUILD)/f64/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  cc      $< (f64)"
	$(Q)$(COMPILE) $(OWN_FLAGS) $(VARIANTS) -DREAL_IS_DOUBLE -MMD -MP -c -o $@ $<

define vector_rule_f64
$(BUILD)/f64/%.$(1).o: src/%.c $(BUILD)/flags
	@mkdir -p $$(@D)
	$(Q)$(COMPILE) $(VECTOR) -Wno-pass-failed $(FLAGS_$(1)) -DISA=$(1) -DREAL_IS_DOUBLE -MMD -MP -c -o $$@ $$<
endef
$(foreach isa,$(ISAS),$(eval $(call vector_rule_f64,$(isa))))

# Static rules: among pattern rules make would prefer the one whose prerequisites happen to exist.
TESTS_F64 = $(filter %_f64,$(TESTS))
TESTS_F32 = $(filter-out %_f64,$(TESTS)) $(TEST_TOOLS)

$(TESTS_F64:=.o): $(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DREAL_IS_DOUBLE -MMD -MP -c -o $@ $<
$(TESTS_F32:=.o): $(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<
$(TESTS_F64): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(F64_OBJ)
	@echo "  link    $@"
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LDLIBS) $(LIBRARIES)
$(TESTS_F32): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB_OBJ)
	@echo "  link    $@"
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LDLIBS) $(LIBRARIES)
.SECONDARY:

.PHONY: tests
tests: all $(TESTS) $(TEST_TOOLS)

## check: all tests, under five minutes; installs what is missing first
.PHONY: check
check: deps-check
	$(Q)$(MAKE) --no-print-directory tests
	@tests/run $(BUILD) $(TEST)

## quick: the tests of single functions, without MPI's starts: under one minute
.PHONY: quick
quick: deps-check
	$(Q)$(MAKE) --no-print-directory tests
	@QUICK=1 tests/run $(BUILD) $(TEST)

## check-torch: compare with PyTorch and transformers (PYTHON=python3 with torch, transformers, h5py)
PYTHON = python3
.PHONY: check-torch
check-torch: all
	. jobs/launcher.sh; $(PYTHON) tests/oracle/check_torch.py $(BUILD) $(wildcard ../shared)

## asan: the same tests under the address and undefined-behaviour sanitizers
ASAN = -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
.PHONY: asan
asan: deps-check
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/asan OPT="-O1 -g $(ASAN)" tests
	@ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
	    KILLS=4 tests/run $(BUILD)/asan $(TEST)

## same-bits: does this source compute the bits of commit REF? (REF= SETTINGS= RANKS=; see tests/same_bits.sh)
.PHONY: same-bits
same-bits: $(BUILD)/collapse $(BUILD)/collapse-diff $(BUILD)/tests/tools/compare
	@SETTINGS="$(SETTINGS)" RANKS="$(RANKS)" tests/same_bits.sh $(BUILD) "$(REF)"

## fuzz: parsers against changed files, with clang's libFuzzer (RUNS=1000000 for each; ONLY=word takes some)
FUZZ     = -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ONLY     =
FUZZERS  = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*$(ONLY)*.c))
RUNS     = 1000000
$(FUZZERS:=.o): $(BUILD)/tests/fuzz/%.o: tests/fuzz/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<
$(FUZZERS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIB_OBJ)
	@echo "  link    $@"
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LDLIBS) $(LIBRARIES)
.PHONY: fuzz run-fuzzers
fuzz:
	$(Q)OMPI_CC=clang MPICH_CC=clang $(MAKE) --no-print-directory BUILD=build/fuzz OPT="-O1 -g $(FUZZ)" run-fuzzers
run-fuzzers: $(FUZZERS)
	@for f in $(FUZZERS); do c=$(BUILD)/corpus/$${f##*/}; mkdir -p $$c; echo "$$f"; \
	    LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 $$f -runs=$(RUNS) -timeout=20 -rss_limit_mb=4096 \
	        -artifact_prefix=$(BUILD)/ -print_final_stats=1 $$c || exit 1; done

## demo: grammar -> text -> BERT -> debiased BERT -> tables, in under three minutes
.PHONY: demo
demo: deps
	$(Q)$(MAKE) --no-print-directory all
	@jobs/demo/demo.sh $(BUILD) $(BUILD)/demo

## demo-methods: every method without and with the regularizer, three seeds: one table, a report page (SEEDS= METHODS=; five to twenty minutes, goes on where it was stopped)
.PHONY: demo-methods
demo-methods: deps
	$(Q)$(MAKE) --no-print-directory all
	@SEEDS="$(SEEDS)" METHODS="$(METHODS)" jobs/demo/methods.sh $(BUILD) $(BUILD)/demo-methods

## ladder: does a score see bias? planted skews 0 to 10 x seeds -> BERTs -> every score: table, page (SIZE= LEVELS= SEEDS= JOBS=; under 45 minutes, goes on where it was stopped)
.PHONY: ladder
ladder: deps
	$(Q)$(MAKE) --no-print-directory all
	@SIZE="$(SIZE)" LEVELS="$(LEVELS)" SEEDS="$(SEEDS)" JOBS="$(JOBS)" jobs/ladder/ladder.sh $(BUILD) $(BUILD)/ladder

## precision: does a long run in bf16 end where runs in fp32 end? MODEL=MODEL.h5 DATA=FOLDER (STEPS= SEEDS= BF16=; see tests/precision.sh)
.PHONY: precision
precision: all
	@tests/precision.sh $(BUILD) "$(MODEL)" "$(DATA)" $(BUILD)/precision

## bench: training steps against PyTorch in turn (PYTHON= with torch; MODELS= SHAPES= ROUNDS= THREADS=)
.PHONY: bench
bench: all
	@tests/bench.sh $(BUILD) $(PYTHON)

## scaling: measure steps and sums on 1 to 8 ranks, predict a cluster (MODEL= CORES= NET=; see tests/scaling.sh)
.PHONY: scaling
scaling: all
	@tests/scaling.sh $(BUILD)

## deps: install missing Debian packages, or name what a cluster lacks
.PHONY: deps deps-check
deps deps-check: export CC := $(CC)
deps deps-check: export HDF5 := $(HDF5)
deps deps-check: export SCALAPACK := $(SCALAPACK)
deps deps-check: export PKG_CONFIG := $(PKG_CONFIG)
deps deps-check: export FLAGS = $(CPPFLAGS) $(CFLAGS)
deps deps-check: export LIBS = $(LDFLAGS) $(LDLIBS)
deps:
	@tests/deps.sh build
deps-check:
	@tests/deps.sh check

## lint: layer rule, sizes, format, warnings of gcc and clang
.PHONY: lint
lint:
	@mkdir -p $(BUILD)
	@tests/lint.sh $(BUILD)

## format: apply .clang-format
.PHONY: format
format:
	clang-format -i src/*/*.[ch] include/*/*.h hdf5-tools/*.[ch] tests/*/*.[ch] tests/*.h

## docs: docs/keys.md from the tables behind --help
.PHONY: docs
docs: all
	$(Q)tests/keys.sh $(BUILD) > docs/keys.md

## install: programs to PREFIX/bin; example jobs, readers and docs to PREFIX/share/collapse (PREFIX= DESTDIR=)
.PHONY: install
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/collapse
	install -m 755 $(BUILD)/collapse $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	cp -R jobs docs hdf5-tools/readers README.md LICENSE CITATION.cff $(DESTDIR)$(PREFIX)/share/collapse

## clean: remove what was built
.PHONY: clean
clean:
	rm -rf $(BUILD)

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo "  V=1 shows commands; TEST=word runs the tests whose path holds it; MPI=mpich builds with MPICH; ONEDNN=no leaves oneDNN out"
