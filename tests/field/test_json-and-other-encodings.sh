# test_json-and-other-encodings.sh: a path that is not UTF-8 is no reason to fall.
. "$ROOT/tests/lib.sh"
field json-and-other-encodings
d=$(printf 'mod\350le'); mkdir "$d"; cp ../base.h5 "$d/m.h5"
for command in "evaluate $d/m.h5 --task=pronoun-gap --data=../base/text.txt" "geometry $d/m.h5 --text=../base/text.txt --words=../base/words.txt"; do
    "$collapse" $command --json > "$work/json" 2> /dev/null
    [ $? = 0 ] && [ "$(wc -l < "$work/json")" = 1 ] && iconv -f UTF-8 -t UTF-8 "$work/json" | grep -q "\"model\": \"mod$(printf '\357\277\275')le/m.h5\""; ok $? "${command%% *}: the JSON object, the path with a replacement character"
done
