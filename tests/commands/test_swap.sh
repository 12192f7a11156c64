# test_swap.sh: collapse swap by hand: the forms of input and output, the report, any number of ranks, memory, refusals.
. "$ROOT/tests/lib.sh"
cd "$work" || exit 1
swap() { "$collapse" swap --pairs="$ROOT/jobs/words/gender-pairs.txt" "$@"; }

printf 'He waters his plants.\n\n"Yes," she said, "we do."\nNothing here.\nTom told her stories.\n' > a.txt
cat > expected.csv <<'END'
text,swapped
He waters his plants.,She waters her plants.
"""Yes,"" she said, ""we do.""","""Yes,"" he said, ""we do."""
Nothing here.,Nothing here.
Tom told her stories.,Tom told him stories.
END
swap --text=a.txt --output=a.csv --ambiguous=a.tsv 2> log && cmp a.csv expected.csv
ok $? "a text: two columns, blank lines left out"
grep -q "swapped 4 words (4 pronouns, 0 of the list, 0 names) in 3 of 4 texts" log && grep -q "1 blank line" log && grep -q "1 place.* a.tsv lists" log
ok $? "counts: $(tr '\n' ';' < log)"
printf 'line\tcolumn\tplace\tword\tanswer\treason\taround\n5\t\t10\ther\thim\ther may be his or him\tTom told her stories.\n' | cmp - a.tsv
ok $? "the report names line, place, word, answer and reason"
printf 'é told her jokes, ö told her lies\n' > two.txt; swap --text=two.txt --ambiguous=two.tsv > /dev/null 2>&1
[ "$(cut -f3 two.tsv | tr '\n' ' ')" = "place 8 26 " ]
ok $? "places are counted in characters"
swap --text=a.txt 2> log | cmp - expected.csv && grep -q "in line.* 5: --ambiguous=FILE" log
ok $? "to standard output; without a report the first lines are named"
swap --text=a.txt --form=text 2> /dev/null | diff - <(printf 'She waters her plants.\n\n"Yes," he said, "we do."\nNothing here.\nTom told him stories.\n')
ok $? "as text: a line for a line"
[ "$(swap --text=a.txt --changed-only 2> /dev/null | wc -l)" = 4 ]
ok $? "changed-only leaves out what has nothing to swap"
printf 'ID\tText\n1\tThe king sleeps.\n2\t"She ""sings"",\nhe sleeps."\n' > b.tsv
printf '{"id": 1, "Text": "The king sleeps."}\n{"Text": "She \\"sings\\",\\nhe sleeps.", "id": 2}\n' > b.jsonl
printf 'text,swapped\nThe king sleeps.,The queen sleeps.\n"She ""sings"",\nhe sleeps.","He ""sings"",\nshe sleeps."\n' > b.expected
swap --text=b.tsv 2> /dev/null | cmp - b.expected && swap --text=b.jsonl 2> /dev/null | cmp - b.expected && gzip -k b.jsonl && swap --text=b.jsonl.gz 2> /dev/null | cmp - b.expected
ok $? "columns of .tsv, .jsonl and .gz; a line break inside a field"
swap --text=a.csv --text-column=swapped --form=text 2> /dev/null | head -n 1 | grep -qx "He waters his plants."
ok $? "its own table is read by another run"
printf 'Anna\tPeter\n' > names.txt; printf 'Anna and anna met Peter.\n' > n.txt
[ "$(swap --text=n.txt --names=names.txt --form=text 2> /dev/null)" = "Peter and anna met Anna." ]
ok $? "names, where the text has a capital"

# The whole of a large text on 1 to 4 ranks: several blocks, reports and counts the same.
sed -n 's/^[=>?] //p' "$ROOT/tests/data/swap_sentences.txt" | tr '|[]' '   ' > s.txt
for i in $(seq 1 120); do cat s.txt; echo "line $i: she"; done > large.txt
swap --text=large.txt --output=1.csv --ambiguous=1.tsv 2> 1.log
for n in 2 3 4; do
    mpirun -n $n "$collapse" swap --pairs="$ROOT/jobs/words/gender-pairs.txt" --text=large.txt --output=$n.csv --ambiguous=$n.tsv 2> $n.log
    cmp 1.csv $n.csv && cmp 1.tsv $n.tsv && diff <(sed 's/[1-4]\.csv//;s/[1-4]\.tsv//' 1.log) <(sed 's/[1-4]\.csv//;s/[1-4]\.tsv//' $n.log)
    ok $? "$n ranks: the same bytes as one ($(stat -c %s large.txt) bytes of text)"
done
"$collapse" swap --text=large.txt --output=d.csv 2> log && cmp d.csv 1.csv && grep -q "jobs/words/gender-pairs.txt: [0-9]* words" log
ok $? "without --pairs: the list that comes with the program"

# Memory does not grow with the text.
peak() { # FILE: the peak of a run's resident set in kB
    local most=0 now
    "$collapse" swap --text="$1" --form=text > /dev/null 2>&1 &
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$!/status 2> /dev/null); [ -n "$now" ]; do most=$now; sleep 0.02; done
    wait $!
    echo "$most"
}
for i in 1 2 3 4 5 6; do cat large.txt; done > larger.txt
small=$(peak large.txt) big=$(peak larger.txt)
if grep -q __asan_init "$collapse"; then big=$small; fi # what is freed is kept there
[ "$small" -gt 1000 ] && [ $((big - small)) -lt 6000 ]
ok $? "memory: $small kB for $(stat -c %s large.txt) bytes of text, $big kB for six times as many"
rm -f larger.txt

fails 64 "swap needs --text" "$collapse" swap
fails 64 "unknown key 'txt'" "$collapse" swap --txt=a
fails 64 "are the same file, which would be lost" swap --text=a.txt --output=a.txt
fails 64 "are the same file" swap --text=a.txt --output=x.csv --ambiguous=x.csv
cp "$ROOT/jobs/words/gender-pairs.txt" p.txt
fails 64 "are the same file" "$collapse" swap --text=a.txt --pairs=p.txt --output=p.txt
fails 64 "exists and is not a table of collapse swap" swap --text=a.txt --output=n.txt
fails 64 "exists and is not empty" swap --text=a.txt --form=text --output=n.txt
swap --text=a.txt --output=a.csv 2> /dev/null; ok $? "its own older output is replaced"
fails 74 "none.txt: cannot be opened" "$collapse" swap --text=none.txt
fails 74 "none.txt: cannot be opened" mpirun -n 2 "$collapse" swap --text=a.txt --pairs=none.txt
fails 65 "no column 'Body'" mpirun -n 3 "$collapse" swap --text=b.tsv --text-column=Body
: > empty.txt; fails 65 "holds no line" "$collapse" swap --text=empty.txt --output=e.csv
printf '\n \n' > blank.txt; fails 65 "holds no text, only blank lines" "$collapse" swap --text=blank.txt --output=e.csv
printf 'ID,Text\n1,he\n2,\n3,she\n' > gap.csv; fails 65 "gap.csv: line 3: the text is empty" mpirun -n 3 "$collapse" swap --text=gap.csv --output=e.csv
printf 'ID,Text\n1,he\n2,\n3\n' > two.csv; fails 65 "two.csv: line 3: the text is empty" mpirun -n 3 "$collapse" swap --text=two.csv --output=e.csv
printf 'ID,Text\n1,he\n3\n' > rag.csv; fails 65 "rag.csv: line 3 has 1 fields" "$collapse" swap --text=rag.csv --output=e.csv
printf 'he\n\377\n' > latin.txt; fails 65 "latin.txt: line 2: byte 0xff" "$collapse" swap --text=latin.txt --output=e.csv
printf 'king\tqueen\nboy\t\n' > half.txt; fails 65 "half.txt: line 2: the right side is empty" "$collapse" swap --text=a.txt --pairs=half.txt --output=e.csv
printf 'sir\tmadam\nsir\tmiss\n' > twice.txt; fails 65 "twice.txt: line 2: 'sir' stands for 'miss'" mpirun -n 2 "$collapse" swap --text=a.txt --pairs=twice.txt --output=e.csv
swap --text=a.txt --pairs=twice.txt --pairs-twice=first --output=t.csv 2> /dev/null; ok $? "the first of two counterparts, on request"
printf 'king\tking\n' > same.txt; fails 65 "stands on both sides" "$collapse" swap --text=a.txt --pairs=same.txt
fails 64 "pairs-second needs pairs" "$collapse" swap --text=a.txt --pairs-second=same.txt
mkdir -p prefix/bin prefix/share/collapse/jobs && cp "$collapse" prefix/bin/ && cp -R "$ROOT/jobs/words" prefix/share/collapse/jobs/
prefix/bin/collapse swap --text=a.txt 2> log | cmp - expected.csv && grep -q "prefix/share/collapse/jobs/words/gender-pairs.txt" log
ok $? "installed, it finds the list in PREFIX/share/collapse"
cp "$collapse" lone; fails 64 "a list of pairs must be named" ./lone swap --text=a.txt
fails 74 "standard output cannot be written" sh -c "'$collapse' swap --text=a.txt > /dev/full"
[ ! -e e.csv ] && [ -z "$(find . -name '*.partial')" ]
ok $? "no failed command left a file"

# Published lists, where they are.
if [ -n "$SHARED" ] && [ -d "$SHARED/data/methods/mabel" ]; then
    m=$SHARED/data/methods
    printf 'The chairmen met the actress.\n' > l.txt
    for list in --pairs="$m/mabel/generalized_swaps.txt" --pairs="$m/mabel/extra_gendered_words.txt" \
        "--pairs=$m/ase/male_word_file.txt --pairs-second=$m/ase/female_word_file.txt" "--pairs=$m/adept/male.txt --pairs-second=$m/adept/female.txt"; do
        # shellcheck disable=SC2086
        "$collapse" swap --text=l.txt $list --pairs-twice=first --form=text 2> log | grep -q "met the actor\.$"
        ok $? "a published list: ${list##*/}: $(head -n 1 log | sed 's/.*: //')"
    done
else
    skip "the published lists are not here"
fi
