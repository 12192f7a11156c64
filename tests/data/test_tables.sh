# test_tables.sh: one table, written by several programs, is the same samples in every command, on any number of ranks. Oracle: the
# same texts as lines of plain text (line breaks and TABs inside a text are white space to the tokenizer). The bytes are those of
# pandas 2, Python's csv, R 4.2 and Excel; tests/oracle/table.py asks these programs themselves.
. "$ROOT/tests/lib.sh"
tiny 40
cat > "$work/lines.txt" <<'EOF'
he said "no" to the king , and she left
the doctor said that he was late . she is here
the nurse came ; she was late
he is
"
EOF
w() { printf "$2" > "$work/$1"; }
b1='"he said ""no"" to the king , and she left"'; b2='"the doctor said that he was late .\nshe is here"'; b3='"the nurse came ; she was late"'
w pandas.csv "ID,Text,n\n0,$b1,1.5\n1,$b2,\n2,the nurse came ; she was late,2.0\n3,he is,3.0\n4,\"\"\"\",4.0\n"
w pandas.tsv "\tText\tn\n0\t\"he said \"\"no\"\" to the king , and she left\"\t1.5\n1\t$b2\t\n2\tthe nurse came ; she was late\t2.0\n3\the is\t3.0\n4\t\"\"\"\"\t4.0\n"
w pandas.jsonl '{"ID":0,"Text":"he said \\"no\\" to the king , and she left","n":1.5}\n{"ID":1,"Text":"the doctor said that he was late .\\nshe is here","n":null}\n{"ID":2,"Text":"the nurse came ; she was late","n":2.0}\n{"ID":3,"Text":"he is","n":3.0}\n{"ID":4,"Text":"\\"","n":4.0}\n'
w python.csv "ID,Text\r\n0,$b1\r\n1,$b2\r\n2,the nurse came ; she was late\r\n3,he is\r\n4,\"\"\"\"\r\n"
w r.tsv "\"ID\"\t\"Text\"\n\"1\"\t0\t\"he said \\\\\"no\\\\\" to the king , and she left\"\n\"2\"\t1\t$b2\n\"3\"\t2\t$b3\n\"4\"\t3\t\"he is\"\n\"5\"\t4\t\"\\\\\"\"\n"
w r.csv "\"\",\"ID\",\"Text\"\n\"1\",0,$b1\n\"2\",1,$b2\n\"3\",2,$b3\n\"4\",3,\"he is\"\n\"5\",4,\"\"\"\"\n"
w r2.csv "\"ID\";\"Text\"\n0;$b1\n1;$b2\n2;$b3\n3;\"he is\"\n4;\"\"\"\"\n"
w excel.csv "\xef\xbb\xbfID,Text\r\n0,$b1\r\n1,$b2\r\n2,the nurse came ; she was late\r\n3,he is\r\n4,\"\"\"\"\r\n"
w europe.CSV "\xef\xbb\xbfID;Text\r\n0;$b1\r\n1;$b2\r\n2;$b3\r\n3;he is\r\n4;\"\"\"\"\r\n"
w mac.csv "ID,Text\r0,$b1\r1,$b2\r2,the nurse came ; she was late\r3,he is\r4,\"\"\"\"\r"
w padded.csv "ID, \"Text\"\n0, $b1\n1, $b2\n2, $b3\n3, \"he is\"\n4, \"\"\"\"\n"
gzip -k "$work/pandas.tsv" "$work/pandas.jsonl" "$work/excel.csv"
gzip -c "$work/pandas.csv" > "$work/by-content.csv"

# as read: line and record number taken off, white space inside a text made one blank
"$bin/tests/tools/records" "$work/lines.txt" | cut -d' ' -f3- > "$work/want"
for file in padded.csv pandas.csv pandas.tsv pandas.jsonl python.csv r.tsv r.csv r2.csv excel.csv europe.CSV mac.csv pandas.tsv.gz pandas.jsonl.gz excel.csv.gz by-content.csv; do
    "$bin/tests/tools/records" "$work/$file" 2> "$work/said" | cut -d' ' -f3- | sed 's/\\[nrt]/ /g' > "$work/got"
    cmp -s "$work/want" "$work/got"; ok $? "$file: the texts of the lines $(tail -n 1 "$work/said")"
done

train 1 "$work/model" --steps=1 --nc-weight=0 > /dev/null
model=$work/model/model.h5
as_lines() { train "$1" "$work/out" --steps=1 --nc-weight=0 --split=lines --resume=never --train-data="$2" --trace="$work/$3" --batch=5; }
encode() { mpirun -n "$1" "$collapse" encode "$model" --text="$2" --output="$work/$3" 2> "$work/said"; }
evaluate() { "$collapse" evaluate "$model" --task=pronoun-gap --data="$1" --json 2> "$work/said" | sed 's/"data": "[^"]*"//'; }
geometry() { "$collapse" geometry "$model" --text="$1" --words="$work/words.txt" --split=lines --bootstrap=0 --calibration=0 --json 2> "$work/said" | sed 's/"data": "[^"]*"//'; }
as_lines 1 "$work/lines.txt" want.h5 && encode 1 "$work/lines.txt" want-encoded.h5; ok $? "the lines are trained on and encoded"
evaluate "$work/lines.txt" > "$work/want.json"; geometry "$work/lines.txt" > "$work/want-geometry.json"
[ -s "$work/want.json" ] && [ -s "$work/want-geometry.json" ]; ok $? "and evaluated"
for shape in 1:r.tsv 2:pandas.csv 3:pandas.jsonl.gz; do
    file=${shape#*:}; ranks=${shape%:*}
    as_lines $ranks "$work/$file" "$ranks.h5" && "$compare" "$work/want.h5" "$work/$ranks.h5" --bits --skip=seconds,loss,task_loss,grad_norm > "$work/said"
    ok $? "train, $ranks ranks, $file: the samples of the lines: $(tail -n 1 "$work/said")"
    encode $ranks "$work/$file" encoded-$ranks.h5 && "$compare" "$work/want-encoded.h5" "$work/encoded-$ranks.h5" --bits > "$work/said"
    ok $? "encode, $ranks ranks, $file: the states of the lines: $(tail -n 1 "$work/said")"
done
evaluate "$work/europe.CSV" | cmp -s - "$work/want.json"; ok $? "evaluate: the scores of the lines"
geometry "$work/mac.csv" | cmp -s - "$work/want-geometry.json"; ok $? "geometry: the measures of the lines"
# a pair is a matter of plain text: a TAB inside a field is white space
printf '{"Text": "he is\\there"}\n' > "$work/tab.jsonl"; echo 'he is here' > "$work/blank.txt"
encode 1 "$work/tab.jsonl" a.h5; encode 1 "$work/blank.txt" b.h5
"$compare" "$work/a.h5" "$work/b.h5" --bits > /dev/null; ok $? "a TAB inside a field makes no pair"

# what does not fit is refused alike by every command
printf 'ID,Body\n1,a\n' > "$work/body.csv"; printf 'ID\tText\n1\ta\n' > "$work/table.txt"; printf '{"Text": "he"}\n' > "$work/lines-json.txt"
fails 65 "names no column 'Text'; it names: 'ID', 'Body'" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/bad" --train-data="$work/body.csv"
fails 65 "format = tsv" mpirun -n 2 "$collapse" encode "$model" --text="$work/table.txt" --output="$work/bad.h5"
fails 65 "format = jsonl" "$collapse" evaluate "$model" --task=pronoun-gap --data="$work/lines-json.txt"
fails 65 "format = tsv" "$collapse" geometry "$model" --text="$work/table.txt" --words="$work/words.txt"
"$collapse" encode "$model" --text="$work/table.txt" --format=text --output="$work/told.h5" 2> /dev/null
ok $? "format = text takes a table as lines"
"$collapse" encode "$model" --text="$work/body.csv" --text-column=Body --output="$work/told2.h5" 2> /dev/null
ok $? "text-column names another column"
# settings files as editors on Windows leave them
printf '\xef\xbb\xbfmethod = mlm\r\ninit = random\r\n' > "$work/w.conf"; tail -n +3 "$work/base.conf" | sed 's/$/\r/' >> "$work/w.conf"
mpirun -n 1 "$collapse" train "$work/w.conf" --output="$work/w" --steps=1 --nc-weight=0 2> "$work/said"
ok $? "settings with a byte order mark and CR LF: $(tail -n 1 "$work/said")"
iconv -f UTF-8 -t UTF-16 "$work/base.conf" > "$work/u.conf"
fails 65 "u.conf: is UTF-16" "$collapse" train "$work/u.conf" --output="$work/u"
printf '\xef\xbb\xbfhe\tmale\r\n"she"\t"female"\r\n' > "$work/bom-words.txt"
"$collapse" geometry "$model" --text="$work/lines.txt" --words="$work/bom-words.txt" --split=lines --bootstrap=0 --calibration=0 2> "$work/said" | grep -q etf_error
ok $? "a word list with a byte order mark, CR LF and quotes: $(grep -m1 classes "$work/said")"
