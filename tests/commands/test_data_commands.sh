# test_data_commands.sh: collapse pairs, mask-pronouns and collect by hand and, for collect, against grep; on any number of
# ranks; what they write is read by the methods they are for.
. "$ROOT/tests/lib.sh"
tiny 101
cd "$work" || exit 1
sed -n 's/^[=>?] //p' "$ROOT/tests/data/swap_sentences.txt" | tr '|[]' '   ' > s.txt
for i in $(seq 1 100); do cat s.txt; done > large.txt
run() { "$collapse" "$@"; }
same() { # NAME arguments: 1 to 4 ranks write the same bytes
    local name=$1 n; shift
    run "$@" --output="$name.1.csv" 2> "$name.1.log" || { ok 1 "$name: $(tail -n 1 "$name.1.log")"; return; }
    for n in 2 4; do
        mpirun -n $n "$collapse" "$@" --output="$name.$n.csv" 2> "$name.$n.log" && cmp "$name.1.csv" "$name.$n.csv" &&
            diff <(sed 's/\.1\.csv//' "$name.1.log") <(sed "s/\.$n\.csv//" "$name.$n.log")
        ok $? "$name: $n ranks write what one writes ($(wc -l < "$name.1.csv") lines)"
    done
}
trains() { # METHOD FILE flags...: a step of the method on the file
    local method=$1 file=$2; shift 2
    "$collapse" train "$work/base.conf" --method="$method" --train-data="$file" --output="$work/run-$method" --steps=2 --batch=2 --nc-weight=0 --split=auto "$@" > "$work/train.log" 2>&1
    ok $? "method = $method reads it: $(tail -n 1 "$work/train.log" | cut -c1-100)"
}

# --- pairs
cat > snli.jsonl <<'END'
{"gold_label": "entailment", "sentence1": "A man, \"Tom\", waters his plants.", "sentence2": "A man is outside.", "id": 1}
{"gold_label": "neutral", "sentence1": "A man eats.", "sentence2": "", "id": 2}
{"gold_label": "entailment", "sentence1": "It rains.", "sentence2": "The weather is bad.", "id": 3}
{"gold_label": "-", "sentence1": "She left.", "sentence2": "He stayed.", "id": 4}
{"sentence2": "Somebody saw her.", "sentence1": "Everybody saw us.", "gold_label": "entailment"}
END
cat > expected.csv <<'END'
premise,hypothesis,swapped premise,swapped hypothesis
"A man, ""Tom"", waters his plants.",A man is outside.,"A woman, ""Tom"", waters her plants.",A woman is outside.
Everybody saw us.,Somebody saw her.,Everybody saw us.,Somebody saw him.
END
run pairs --text=snli.jsonl --output=pairs.csv 2> log && cmp pairs.csv expected.csv
ok $? "pairs: entailment alone, and pairs with a gendered word alone"
grep -q "3 of 5 rows have the label 'entailment'" log && grep -q "2 pairs with a word that was swapped" log
ok $? "pairs: counts"
[ "$(run pairs --text=snli.jsonl --changed-only=no 2> /dev/null | wc -l)" = 4 ]
ok $? "pairs: also those without a gendered word, on request"
printf 'a\tb\nHe ate.\tA man ate.\n' > para.tsv
[ "$(run pairs --text=para.tsv --first-column=a --second-column=b --label-column=none 2> /dev/null | tail -n 1)" = "He ate.,A man ate.,She ate.,A woman ate." ]
ok $? "pairs: a table of paraphrases without labels"
trains mabel pairs.csv
{ echo 'sentence1,sentence2,gold_label'; sed 's/"/""/g;s/.*/"&","&",entailment/' large.txt; } > large.csv
same pairs pairs --text=large.csv --ambiguous=x.tsv
fails 65 "no column 'gold_label'" "$collapse" pairs --text=para.tsv --first-column=a --second-column=b
fails 65 "is plain text, but 3 columns" mpirun -n 2 "$collapse" pairs --text=s.txt
fails 65 "none of its 5 rows has the label 'yes'" mpirun -n 2 "$collapse" pairs --text=snli.jsonl --label=yes --output=e.csv
fails 65 "line 2: the text of 'sentence2' is empty" mpirun -n 2 "$collapse" pairs --text=snli.jsonl --label=neutral --output=e.csv
printf 'sentence1,sentence2,gold_label\na,b,entailment\n' > none.csv
fails 65 "nothing is swapped in any of 1 pairs" "$collapse" pairs --text=none.csv --output=e.csv
fails 64 "are the same file" "$collapse" pairs --text=large.csv --output=large.csv
fails 64 "pairs needs --text" "$collapse" pairs

# --- mask-pronouns
printf 'He said she'"'"'s late; he left.\n\nNobody himself came.\nHis, "hers" and s/he.\n' > p.txt
cat > expected.csv <<'END'
text,pronouns
[MASK] said she's late; [MASK] left.,he
He said [MASK]'s late; he left.,she
"[MASK], ""hers"" and s/he.",his
"His, ""[MASK]"" and s/he.",hers
END
run mask-pronouns --text=p.txt --output=masked.csv 2> log && cmp masked.csv expected.csv
ok $? "mask-pronouns: a row a pronoun, its places masked"
grep -q "4 rows of 2 texts with a pronoun, of 3: he 1, she 1, his 1, her 0, him 0, hers 1" log
ok $? "mask-pronouns: counts"
cat > expected.csv <<'END'
text,pronouns
[MASK] said [MASK]'s late; [MASK] left.,he
[MASK] said [MASK]'s late; [MASK] left.,she
"[MASK], ""[MASK]"" and s/he.",his
"[MASK], ""[MASK]"" and s/he.",hers
END
run mask-pronouns --text=p.txt --mask=all 2> /dev/null | cmp - expected.csv
ok $? "mask-pronouns: all pronouns masked, as the published data have it"
[ "$(run mask-pronouns --text=p.txt --cased 2> /dev/null | sed -n '2,4s/.*,//p' | tr '\n' ' ')" = "He she he " ]
ok $? "mask-pronouns: as written for a cased model"
printf 'He sold her car.\n' > q.txt
[ "$(run mask-pronouns --text=q.txt --swapped 2> /dev/null | tail -n +2 | tr '\n' ';')" = "[MASK] sold her car.,he;He sold [MASK] car.,her;[MASK] sold his car.,she;She sold [MASK] car.,his;" ]
ok $? "mask-pronouns: behind a text itself swapped"
run mask-pronouns --text="$work/text.txt" 2> /dev/null | grep -e 'pronouns$' -e ',he$' -e ',she$' > train.csv # the tiny vocabulary has no other whole
trains ase train.csv --ase-elastic=0 --ase-orthogonal=0
same mask-pronouns mask-pronouns --text=large.txt --swapped
fails 65 "holds \[MASK\] already" mpirun -n 2 "$collapse" mask-pronouns --text=masked.csv --text-column=text --output=e.csv
printf 'It rains.\n' > none.txt; fails 65 "none of its 1 texts holds a pronoun" mpirun -n 2 "$collapse" mask-pronouns --text=none.txt --output=e.csv
fails 64 "are for swapped = yes" "$collapse" mask-pronouns --text=p.txt --names=q.txt
printf 'Text,b\n,1\n' > gap.csv; fails 65 "line 2: the text is empty" "$collapse" mask-pronouns --text=gap.csv --output=e.csv

# --- collect
printf 'Man\nking\nabbot\n' > male.txt; printf 'woman\nqueen\nabbess\n' > female.txt; printf 'baker\ncook\nking\n' > neutral.txt
cat > c.txt <<'END'
The man saw the king and the man.
A WOMAN's baker left.
The queen and the woman slept.
The baker and the cook met the Baker.
king
Here is a cook.
The kingdom, the woman-owned shop of a man's man.
The queen slept.
END
cat > expected.csv <<'END'
word,group,text
man,male,The man saw the king and the man.
king,male,The man saw the king and the man.
woman,female,A WOMAN's baker left.
queen,female,The queen and the woman slept.
woman,female,The queen and the woman slept.
baker,neutral,The baker and the cook met the Baker.
cook,neutral,The baker and the cook met the Baker.
cook,neutral,Here is a cook.
man,male,"The kingdom, the woman-owned shop of a man's man."
END
collect() { "$collapse" collect male=male.txt female=female.txt --neutral=neutral.txt "$@"; }
collect --text=c.txt --min-examples=1 --output=collected.csv 2> log && cmp collected.csv expected.csv
ok $? "collect: whole words of any case; as many examples of a row's words as its rarest has; neutral without attribute"
grep -q "8 sentences, 7 of 2 to 128 words" log && grep -q "1 of 3 rows of words have fewer than 1 examples" log && grep -q "^male: 3 examples of 2 words" log && grep -q "^neutral: 3 examples of 2 words" log
ok $? "collect: counts: $(tr '\n' ';' < log | cut -c1-150)"
[ "$(collect --text=c.txt --min-examples=2 2> /dev/null | cut -d, -f1 | sort | uniq -c | tr -s ' \n' ' ')" = " 1 baker 2 cook 2 man 2 woman 1 word " ]
ok $? "collect: rows of words with too few examples are left out"
[ "$(collect --text=c.txt --min-examples=1 --max-examples=1 2> /dev/null | wc -l)" = 7 ]
ok $? "collect: at most so many examples of a word"
printf 'man\nking\n' > m2.txt; printf 'woman\nWoman\n' > f2.txt
[ "$("$collapse" collect m=m2.txt f=f2.txt --neutral=neutral.txt --text=c.txt --min-examples=1 2> /dev/null | cut -d, -f1 | sort | uniq -c | tr -s ' \n' ' ')" = " 1 baker 2 cook 1 king 2 man 2 woman 1 word " ]
ok $? "collect: a word of two rows has what the larger one allows, each example once"
printf 'ID,Text\n1,"The man slept. Then a king came. A woman and a queen, too! The cook left."\n' > c.csv
[ "$(collect --text=c.csv --min-examples=1 2> /dev/null | sed 1d | tr '\n' ';')" = 'man,male,The man slept.;king,male,Then a king came.;woman,female,"A woman and a queen, too!";queen,female,"A woman and a queen, too!";cook,neutral,The cook left.;' ]
ok $? "collect: the sentences of a table's column"
grep -P '\tmale' words.txt | cut -f1 > m.txt; grep -P '\tfemale' words.txt | cut -f1 | tail -n "$(wc -l < m.txt)" > f.txt
head -n "$(wc -l < f.txt)" m.txt > male-words.txt; mv f.txt female-words.txt
"$collapse" corpus "$ROOT"/jobs/demo/{words,frames,balanced}.grammar --count=20000 --seed=3 > corpus.txt
for i in $(seq 1 20); do echo "the baker cooks $i cakes ."; echo "Here is cook number $i ."; done >> corpus.txt
same collect collect male=male-words.txt female=female-words.txt --neutral=neutral.txt --text=corpus.txt --min-examples=5
wrong=0
while IFS=$'\t' read -r m f; do
    a=$(grep -ciw "$m" corpus.txt) b=$(grep -ciw "$f" corpus.txt)
    least=$((a < b ? a : b)); [ $least -ge 5 ] || least=0
    for word in "$m" "$f"; do [ "$(grep -c "^$word,[a-z]*male," collect.1.csv)" = $least ] || { wrong=$((wrong + 1)); echo "# $word: $a $b"; }; done
done < <(paste male-words.txt female-words.txt)
[ $wrong = 0 ] && [ "$(wc -l < collect.1.csv)" -gt 1000 ] && [ "$(grep -c '^baker,neutral,the baker cooks' collect.1.csv)" = 20 ]
ok $? "collect: of every row of words as many examples as grep finds of its rarer one"
head -n 401 collect.1.csv > some.csv; grep ',neutral,' collect.1.csv >> some.csv
trains dpce some.csv --dpce-held-out=0 --batch=8
trains adept some.csv --adept-held-out=0 --batch=8
fails 64 "two groups or more" "$collapse" collect male=male.txt --neutral=neutral.txt --text=c.txt
fails 64 "'female.txt' is not GROUP=FILE" "$collapse" collect male=male.txt female.txt --neutral=neutral.txt --text=c.txt
fails 64 "this name is taken" "$collapse" collect male=male.txt male=female.txt --neutral=neutral.txt --text=c.txt
fails 64 "this name is taken" "$collapse" collect male=male.txt neutral=female.txt --neutral=neutral.txt --text=c.txt
fails 64 "collect needs --neutral" "$collapse" collect male=male.txt female=female.txt --text=c.txt
fails 64 "reads the text twice" sh -c "cat c.txt | '$collapse' collect male=male.txt female=female.txt --neutral=neutral.txt --text=/dev/stdin"
printf 'a\nb\n' > m2.txt; fails 65 "male.txt has 3 words and m2.txt has 2" mpirun -n 2 "$collapse" collect male=male.txt b=m2.txt --neutral=neutral.txt --text=c.txt
fails 65 "no row of attribute words has 30 examples of each, the best has 2" mpirun -n 2 "$collapse" collect male=male.txt female=female.txt --neutral=neutral.txt --text=c.txt --output=e.csv
printf 'zebra\n' > zebra.txt; fails 65 "no sentence has a neutral word of zebra.txt" "$collapse" collect male=male.txt female=female.txt --neutral=zebra.txt --text=c.txt --min-examples=1 --output=e.csv
printf 'a\n\nb\n' > hole.txt; fails 65 "hole.txt: line 2 is empty" "$collapse" collect male=hole.txt female=hole.txt --neutral=neutral.txt --text=c.txt --output=e.csv
fails 64 "are the same file" "$collapse" collect male=male.txt female=female.txt --neutral=neutral.txt --text=c.txt --output=female.txt
[ ! -e e.csv ] && [ -z "$(find . -name '*.partial')" ]
ok $? "no failed command left a file"
