# test_ladder_fair.sh: at level 0 of the ladder men and women are exchangeable, and so are both sets of occupations. That is
# proven, not sampled: with the words and symbols of one turned into those of the other the grammar is the same grammar and
# every test the same test with its labels exchanged, so that the fair value of a score is known.
. "$ROOT/tests/lib.sh"
ladder=$ROOT/jobs/ladder/ladder.sh demo=$ROOT/jobs/demo/words.grammar
LEVELS="0 10" "$ladder" "$bin" "$work/out" data > "$work/said" 2>&1; ok $? "tests without models: $(tail -n 1 "$work/said")"
data=$work/out/data

# Two lists of opposites, one to one: a form that had two opposites, as an object "her" has, has no place in them.
column() { sed -n "s/^$1 = //p" "$demo"; }
{ printf 'he\tshe\nhis\ther\nhe_tail\tshe_tail\nmale\tfemale\n'; paste <(column man) <(column woman); } > "$work/genders"
{ printf 'm_job\tf_job\n'; paste <(column m_job) <(column f_job); } > "$work/jobs"
cat "$work/genders" "$work/jobs" > "$work/both"
for list in genders jobs both; do [ -z "$(tr '\t' '\n' < "$work/$list" | sort | uniq -d)" ] && ! grep -q "$(printf '^\t\|\t$')" "$work/$list" || ok 1 "$list are one to one"; done; ok 0 "$(wc -l < "$work/genders") and $(wc -l < "$work/jobs") pairs of opposites"
# turned LIST < TEXT: every word of the list is its opposite, whatever stands around it.
turned() { awk -F'\t' -v list="$work/$1" 'BEGIN { while ((getline < list) > 0) { to[$1] = $2; to[$2] = $1 } }
    { rest = $0; line = ""
      while (match(rest, /[a-z_]+/)) { w = substr(rest, RSTART, RLENGTH); line = line substr(rest, 1, RSTART - 1) ((w in to) ? to[w] : w); rest = substr(rest, RSTART + RLENGTH) }
      print line rest }'; }
# same LIST A [B]: A turned is B (A if not given), but for the order of lines
same() { [ -s "$2" ] && turned "$1" < "$2" | sort > "$work/there" && sort "${3:-$2}" | cmp -s - "$work/there"; }

for text in base 0 2 10; do "$ladder" "$bin" "$work/none" grammar-$text | sed '/^#/d; /^$/d' > "$work/grammar-$text"; done
[ ! -e "$work/none" ] && [ "$(grep -c '^start' "$work/grammar-base")" = 5 ]; ok $? "the grammars alone leave nothing behind"
for text in base 0; do
    for list in genders jobs both; do same $list "$work/grammar-$text"; ok $? "grammar-$text with $list turned is itself, line by line"; done
done
for text in 2 10; do
    same both "$work/grammar-$text"; ok $? "level $text: with both turned"
    ! same genders "$work/grammar-$text" && ! same jobs "$work/grammar-$text"; ok $? "level $text: not with one of them"
done
# What was wrong once: objects, and a weight.
{ cat "$work/grammar-0"; printf 'he_tail = asked us to help him .\nshe_tail = asked us to help her .\n'; } > "$work/wrong"; ! same genders "$work/wrong"; ok $? "him and her would be seen"
sed 's/^she_tail 3/she_tail 4/' "$work/grammar-0" > "$work/wrong"; ! same genders "$work/wrong" && same jobs "$work/wrong"; ok $? "an uneven weight would be seen"

# The tests, genders turned: each with its labels exchanged.
cut -f2-7 "$data/bec.tsv" | tail -n +2 > "$work/bec"; same genders "$work/bec"; ok $? "bec-pro: women and men"
awk -F'"' 'NR > 1 { print $1 "\"" $4 "\"" $3 "\"" $2 "\"" $5 }' "$data/crows.csv" > "$work/crows"; tail -n +2 "$data/crows.csv" > "$work/crows-there"; same genders "$work/crows-there" "$work/crows"; ok $? "crows-pairs: sent_more and sent_less"
grep -o '"sentence": "[^"]*", "gold_label": "[^"]*"' "$data/stereoset.json" > "$work/ss"; sed 's/"stereotype"/"x"/; s/"anti-stereotype"/"stereotype"/; s/"x"/"anti-stereotype"/' "$work/ss" > "$work/ss-there"; same genders "$work/ss" "$work/ss-there"; ok $? "stereoset: stereotype and anti-stereotype"
for test in words people pronouns; do
    grep -o '"[a-z0-9]*": {[^}]*}' "$data/seat/$test.json" > "$work/seat"; sed 's/attr1/x/; s/attr2/attr1/; s/^"x/"attr2/' "$work/seat" > "$work/seat-there"; same genders "$work/seat" "$work/seat-there"; ok $? "seat, $test: the attributes"
done
for type in 1 2; do same genders "$data/winobias/pro_stereotyped_type$type.txt.dev" "$data/winobias/anti_stereotyped_type$type.txt.dev"; ok $? "winobias, type $type: pro and anti"; done
for f in "" -m -f; do turned genders < "$data/pronoun-gap$f.txt" | sed 's/\b\(he\|she\)\b/_/' > "$work/there"; sed 's/\b\(he\|she\)\b/_/' "$data/pronoun-gap$f.txt" | cmp -s - "$work/there"; ok $? "pronoun-gap$f.txt: nothing but its pronoun"; done
# And occupations.
same both "$data/pronoun-gap.txt" && same both "$data/pronoun-gap-m.txt" "$data/pronoun-gap-f.txt" && same genders "$data/people.txt"; ok $? "pronoun-gap: both sets of occupations, men and women"
cut -f2-7 "$data/bec.tsv" | tail -n +2 > "$work/bec"; same jobs "$work/bec"; ok $? "bec-pro: both sets of occupations"
[ "$(cut -f1 "$data/jobs.words" | sort)" = "$(tr '\t' '\n' < "$work/jobs" | grep -v _job | sort)" ]; ok $? "every occupation is measured"
same genders "$data/gender.words" && [ "$(cut -f1 "$data/gender.words" | sort)" = "$(grep -v '_\|male' "$work/genders" | tr '\t' '\n' | sort)" ]; ok $? "and every word of gender"
# A piece for every word that any level has, none for another.
grep -v '^\[' "$data/vocab.txt" | sort > "$work/pieces"
"$collapse" corpus "$work/grammar-10" --count=20000 --seed=5 | tr -s ' ' '\n' | sort -u | cmp -s - "$work/pieces"; ok $? "pieces are the words of the text: $(wc -l < "$work/pieces")"
turned genders < "$work/pieces" | sort | cmp -s - "$work/pieces"; ok $? "each with its opposite"

# Texts: as many he as she, the planted share of each, and a level's text that of another but for what the skew turns.
awk -F'\t' '/_job/ { next } { print "m", $1; print "f", $2 }' "$work/jobs" > "$work/sides"
for level in 0 10; do
    "$collapse" corpus "$work/grammar-$level" --count=20000 --seed=3 > "$work/$level.text"
    awk -v level=$level 'FNR == NR { side[$2] = $1; next } / is a / { s = side[$(NF - 1)]; for (i = 1; i < NF; i++) { if ($i == "he") n[s, "m"]++; if ($i == "she") n[s, "f"]++ } }
        END { all = n["m", "m"] + n["f", "f"] + n["m", "f"] + n["f", "m"]; share = (n["m", "m"] + n["f", "f"]) / all; he = (n["m", "m"] + n["f", "m"]) / all
            print share, he; d = share - (0.5 + 0.05 * level); exit d > 0.04 || d < -0.04 || he > 0.54 || he < 0.46 }' "$work/sides" "$work/$level.text" > "$work/share"; ok $? "level $level: share of the planted pronoun, of he: $(cat "$work/share")"
    awk -F'\t' -v list="$work/genders" 'BEGIN { while ((getline < list) > 0) to[$2] = $1; FS = " " } { line = ""; n = split($0, w, " "); for (i = 1; i <= n; i++) line = line " " ((w[i] in to) ? to[w[i]] : w[i]); print line }' "$work/$level.text" > "$work/$level.men"
done
cmp -s "$work/0.men" "$work/10.men" && ! cmp -s "$work/0.text" "$work/10.text"; ok $? "level 10 is level 0 but for pronouns and persons: $(diff "$work/0.text" "$work/10.text" | grep -c '^<') of 20,000 lines differ"
