# items.sh: sourced by the tests of evaluations, after lib.sh.
here=$ROOT/tests/evaluate
table=$bin/collapse-table
# value JSON NAME: a metric
value() { sed 's/.*"metric": {\([^}]*\)}.*/\1/' "$1" | tr ',' '\n' | sed -n "s/^ *\"$2\": //p"; }
# items_near EXPECTED ITEMS ROWS BAR column...: the columns of two tables with names in their first lines, row by row; no
# item that is not skipped lacks a number the other has.
items_near() {
    awk -F'\t' -v want="$3" -v bar="$4" -v columns="${*:5}" 'FNR == 1 { for (i = 1; i <= NF; i++) if (NR == FNR) left[$i] = i; else right[$i] = i; n = split(columns, name, " "); next }
        NR == FNR { rows++; for (i = 1; i <= n; i++) value[rows, i] = $left[name[i]]; next }
        { row++; if ($right["skipped"]) { skipped++; next }
          for (i = 1; i <= n; i++) { x = value[row, i]; y = $right[name[i]]; if ((x == "nan") != (y == "")) { bad = 1; continue }
              d = x - y; if (d < 0) d = -d; if (y != "" && d > most) most = d } }
        END { printf "%d rows, %d skipped, %.1e apart", row, skipped, most; exit bad || row != want || rows != want || most > bar || skipped == row }' "$1" "$2"
}
# same_on_ranks TASK DATA ONE.h5 RANKS flags...: the bits of one rank
same_on_ranks() {
    mpirun -n "$4" "$collapse" evaluate "$model" --task="$1" --data="$2" --output="$work/ranks.h5" --overwrite "${@:5}" > /dev/null 2>&1
    found=$("$compare" "$3" "$work/ranks.h5" --bits); ok $? "$1: $4 ranks write the bits of one: $found"
}
# says FILE PATTERN...: all of them stand in it; the first that does not is named
says() {
    local pattern file=$1; shift
    for pattern in "$@"; do grep -q -e "$pattern" "$file" || { echo "# not said: $pattern"; return 1; }; done
}
