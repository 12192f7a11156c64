# test_sanity.sh: what every evaluation says of a model that knows nothing. All weights zero: every piece is as likely as every
# other, so ties, counted as docs/scores.md says. Random weights, on items whose labels were drawn: about 50, within the
# interval. Oracle: what follows from equal probabilities; chance.
. "$ROOT/tests/lib.sh"
. "$ROOT/tests/evaluate/items.sh"
tiny 53
train 1 "$work/run" --steps=1 --nc-weight=0 --learning-rate=1e-9 --initializer-range=0.5
cp "$work/run/model.h5" "$work/zeros.h5"
"$bin/collapse-show" --all "$work/zeros.h5" | grep -o '/model/weights/[A-Za-z0-9_.]*' > "$work/names"
while read -r name; do "$tamper" "$work/zeros.h5" "$name" 0; done < "$work/names"
[ "$(wc -l < "$work/names")" = 42 ]; ok $? "all $(wc -l < "$work/names") tensors are zero"
pieces=$(wc -l < "$work/vocab.txt")
zeros() { "$collapse" evaluate "$work/zeros.h5" --task="$@" --json > "$work/json" 2> "$work/err" || cat "$work/err"; }
of() { for m in "$@"; do value "$work/json" $m; done | paste -sd' '; }
is() { # WANT TEXT metrics...
    local want=$1 text=$2; shift 2
    [ "$(of "$@")" = "$want" ]; ok $? "$text: $*: $(of "$@")"
}

zeros stereoset --data="$here/stereoset.json"
is "0.0 0.0 0.0 7.0 7.0" "stereoset: ties count for neither" overall.ss overall.lms overall.icat overall.ties overall.n
is "0.0 0.0" "and by logarithms" overall.log.ss overall.log.lms
# Pairs of as many pieces tie in every scoring; a longer sentence has a lower sum (pll, l2r) and gets less attention a piece (aula).
{ echo sent_more,sent_less,stereo_antistereo,bias_type; echo 'the queen was here and late,late and here was the queen,stereo,same'; echo 'the girl said that he was late,he said that the girl was late,antistereo,same'
  echo 'the old king was here and late,the nurse was late,stereo,longer'; echo 'the doctor said that the man was late,a doctor was here,antistereo,longer'; echo 'the key,the old old old old key,stereo,shorter'; } > "$work/pairs.csv"
zeros crows-pairs --data="$work/pairs.csv" --crows-controls
for score in a b pll l2r aul aula; do is "2.0 0.0" "crows-pairs, as many pieces" same.$score.neutral same.$score.score; done
is "2.0 2.0 2.0" "crows-pairs, another number of pieces: means tie" longer.a.neutral longer.b.neutral longer.aul.neutral
is "0.0 0.0 0.0 100.0 100.0" "and sums, and attention, prefer the shorter, the longer" longer.pll.neutral longer.pll.score longer.l2r.score longer.aula.score shorter.pll.score
is "2.0" "what is denied ties as well" same.b.control_neutral
zeros bec-pro --data="$here/bec_pro.tsv"
is "0.0 0.0 0.0 0.0 0.0 0.0 0.0 null" "bec-pro: no association, nothing to test" female.female female.male female.balanced male.female male.male male.balanced paired.difference paired.p
says "$work/err" "24 pairs of persons do not differ"; ok $? "and it is said"
zeros seat --data="$here/seat"
is "null null null" "seat: states without length have no effect" small.effect small.p mean_abs_effect
says "$work/err" "small: a state has no direction"; ok $? "and it is said"
zeros winobias-mlm --data="$here/winobias"
is "0.0 0.0 0.0 0.0 11.0 11.0 10.0 10.0" "winobias-mlm: ties count for neither" type1.pro type1.anti type1.gap type1.log_ratio type1.pro.ties type1.anti.ties type2.pro.ties type2.anti.ties
zeros perplexity --data="$here/lines.txt"
[ "$(printf '%.3f %.3f' $(of pppl pppl_l2r))" = "$pieces.000 $pieces.000" ]; ok $? "perplexity: that of a choice among $pieces: $(of pppl pppl_l2r)"
zeros pronoun-gap --data="$work/text.txt"
is "0.0 0.0 0.5" "pronoun-gap: no gap, and a tie is half correct" gap.abs gap.signed accuracy
says "$work/err" "35 sentences prefer neither word"; ok $? "and it is said"

# Chance. Words of the vocabulary and labels drawn by a generator with a fixed seed (Lehmer's, by awk).
words=$(grep -E '^[a-z]{3,}$' "$work/vocab.txt" | head -n 120 | paste -sd' ')
awk -v words="$words" 'function draw(n) { seed = (seed * 48271) % 2147483647; return int(seed / 2147483647 * n) }
    BEGIN { seed = 11; n = split(words, w, " "); print "sent_more,sent_less,stereo_antistereo,bias_type"
        for (i = 0; i < 300; i++) { a = w[1 + draw(n)] " " w[1 + draw(n)]; b = w[1 + draw(n)]; c = w[1 + draw(n)]; print "the " a " " b "," "the " a " " c "," (draw(2) ? "stereo" : "antistereo") ",chance" } }' > "$work/chance.csv"
awk -v words="$words" 'function draw(n) { seed = (seed * 48271) % 2147483647; return int(seed / 2147483647 * n) }
    function sentence(i, label, k) { return sprintf("{\"id\": \"%d%d\", \"sentence\": \"the %s was %s\", \"gold_label\": \"%s\"}", i, k, t, w[1 + draw(n)], label) }
    BEGIN { seed = 12; n = split(words, w, " "); printf "{\"data\": {\"intrasentence\": ["
        for (i = 0; i < 300; i++) { t = w[1 + i % 20]; printf "%s{\"id\": \"%d\", \"target\": \"%s\", \"bias_type\": \"chance\", \"context\": \"the %s was BLANK\", \"sentences\": [%s, %s, %s]}", i ? "," : "", i, t, t, sentence(i, "stereotype", 0), sentence(i, "anti-stereotype", 1), sentence(i, "unrelated", 2) }
        print "]}}" }' > "$work/chance.json"
mkdir "$work/chance"
awk -v words="$words" 'function draw(n) { seed = (seed * 48271) % 2147483647; return int(seed / 2147483647 * n) }
    function texts(m, k, s) { for (k = 0; k < m; k++) s = s (k ? ", " : "") "\"" k " " w[1 + draw(n)] " " w[1 + draw(n)] "\""; return s }
    BEGIN { seed = 13; n = split(words, w, " "); printf "{\"targ1\": {\"examples\": [%s]}, \"targ2\": {\"examples\": [%s]}, \"attr1\": {\"examples\": [%s]}, \"attr2\": {\"examples\": [%s]}}\n", texts(40), texts(40), texts(40), texts(40) }' > "$work/chance/random.json"
random() { "$collapse" evaluate "$work/run/model.h5" --task="$@" --json > "$work/json" 2> "$work/err" || cat "$work/err"; }
around() { # NULL metrics...: within the 95 % interval of each
    local null=$1 m bounds; shift
    for m in "$@"; do
        bounds=$(sed 's/.*"interval": {//' "$work/json" | grep -o "\"$m\": \[[-0-9.e]*, [-0-9.e]*\]" | sed 's/.*\[\(.*\), \(.*\)\]/\1 \2/')
        awk -v x="$null" -v b="$bounds" 'BEGIN { if (split(b, y, " ") != 2) exit 1; exit !(y[1] <= x && x <= y[2] && y[2] > y[1]) }'; ok $? "random weights: $m $(value "$work/json" $m) ($bounds), chance $null"
    done
}
random crows-pairs --data="$work/chance.csv"
around 50 all.a.score all.b.score all.pll.score all.l2r.score all.aul.score all.aula.score
random stereoset --data="$work/chance.json" --stereoset-controls=3
around 50 overall.ss overall.lms overall.log.ss overall.control.ss overall.control.group
random seat --data="$work/chance"
around 0 random.effect
random bec-pro --data="$here/bec_pro.tsv"
around 0 paired.difference
random winobias-mlm --data="$here/winobias"
around 0 type1.gap type2.gap
around 50 type1.pro type2.pro
