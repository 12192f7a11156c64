#!/bin/bash
# lint.sh: the layer rule, sizes, format, and warnings as errors with gcc and clang (make lint). Writes into BUILD only.
#   lint.sh BUILD
build=$(mkdir -p "${1:-build}" && cd "${1:-build}" && pwd) || exit 2
cd "$(dirname "$0")/.." || exit 2
bad=0
fail() { echo "lint: $*"; bad=1; }

# A file includes only headers of its own folder and of rows with a smaller number (docs/tour.md).
rank() {
    case $1 in
    base) echo 0;; kernels | parallel) echo 1;; io) echo 2;; data) echo 3;; model | analysis) echo 4;; objectives) echo 5;;
    methods | evaluate) echo 6;; train) echo 7;; commands) echo 8;; *) echo 99;;
    esac
}
for file in src/*/*.[ch] include/*/*.h; do
    folder=$(basename "$(dirname "$file")")
    for other in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u); do
        [ "$other" = "$folder" ] || [ "$(rank "$other")" -lt "$(rank "$folder")" ] || fail "$file includes $other/, which is not below $folder/"
    done
done
for file in hdf5-tools/*.[ch]; do
    for other in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u); do
        [ "$(rank "$other")" -le 2 ] || fail "$file includes $other/, but the tools stand on rows 0 to 2"
    done
done
grep -lnw MPI_COMM_WORLD src/*/*.c | grep -v src/parallel/comm.c | while read -r f; do echo "lint: $f names MPI_COMM_WORLD"; done | grep . && bad=1

# A call that waits within MPI burns a core that others want (parallel/comm_wait.c).
grep -nE '\bMPI_(Wait(all|any|some)?|[SRB]?send|Send|Recv|Sendrecv|Probe|Barrier|Bcast|All(reduce|gatherv?|toallv?)|Reduce(_scatter)?|Gatherv?|Scatterv?|Scan|Exscan)\(' src/*/*.c | sed 's/^/lint: a blocking MPI call: /' | grep . && bad=1

# A region of threads says what it is worth (kernels/team.h).
grep -n 'pragma omp parallel' src/*/*.c | grep -v 'num_threads(' | sed 's/^/lint: a parallel region without num_threads: /' | grep . && bad=1

for file in $(git ls-files '*.c' '*.h' '*.sh' '*.py' 2> /dev/null | grep . || find src include hdf5-tools jobs tests -name '*.[ch]' -o -name '*.sh' -o -name '*.py'); do
    n=$(wc -l < "$file")
    [ "$n" -le 600 ] || fail "$file has $n lines; 600 is the limit"
done
for file in src/*/*.[ch] include/*/*.h hdf5-tools/*.[ch]; do
    head -c 3 "$file" | grep -q '/\* ' || fail "$file does not begin with a comment that says what it holds"
done

# The documentation names only what there is.
for path in $(grep -ohE '`(src|include|tests|jobs|docs|hdf5-tools)/[A-Za-z0-9_./-]+`' docs/*.md README.md CONTRIBUTING.md | tr -d '`' | sort -u); do
    [ -e "$path" ] || fail "the documentation names $path, which does not exist"
done
# A function fits on a screen.
awk 'FNR == 1 { name = "" } /^[A-Za-z_].*\)$/ { name = $0 } /^\{/ { start = FNR }
    /^\}/ { if (name != "" && FNR - start > 61) print "lint: " FILENAME ": " FNR - start - 1 " lines: " name; name = "" }' src/*/*.c hdf5-tools/*.c | grep . && bad=1
# Who takes a Comm says whether all ranks must call it: beside the function, or for the whole header.
awk 'FNR == 1 { said = 0; head = 0; comment = "" }
    /^#ifndef/ && comment ~ /Collective|Local/ { head = 1 }
    /^\/\*/ { comment = "" } { comment = comment " " $0 } /^$/ { comment = "" }
    /[(,] *const Comm \*/ && !/static|typedef|\(\*/ && !head && comment !~ /Collective|Local|\[all\]/ { declared = $0; file = FILENAME; line = FNR
        if ($0 !~ /;/) { getline more; if (more ~ /Collective|Local|\[all\]/) next }
        print "lint: " file ":" line ": Collective or Local? " declared }' include/*/*.h | grep . && bad=1

if command -v clang-format > /dev/null; then
    for file in src/*/*.[ch] include/*/*.h hdf5-tools/*.[ch] tests/*/*.[ch] tests/*.h; do
        clang-format "$file" | cmp -s - "$file" || fail "$file is not formatted; run make format"
    done
else
    echo "lint: clang-format is not here; format not checked"
fi

for compiler in gcc clang; do
    command -v $compiler > /dev/null || { echo "lint: $compiler is not here; its warnings not checked"; continue; }
    OMPI_CC=$compiler MPICH_CC=$compiler make -k -s -j"$(nproc)" BUILD="$build/lint-$compiler" WERROR=1 all tests > "$build/lint.log" 2>&1 || {
        grep -E 'error|warning' "$build/lint.log" | head -n 20
        fail "$compiler: warnings ($build/lint.log)"
    }
done
[ $bad = 0 ] && echo "lint: layers, sizes, format and warnings are in order"
exit $bad
