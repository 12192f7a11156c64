# test_parts.sh: parts that not every model has, and frozen tensors, through files and training. Oracles: what is frozen
# keeps its bits, whatever the ranks; a decoder of its own and a pooler come out of an export as they went in; one rank.
. "$ROOT/tests/lib.sh"
variant=$bin/tests/tools/variant
diff=$bin/collapse-diff
tiny 60
train 1 "$work/start" --steps=2
"$bin/collapse-export" "$work/start/model.h5" --output="$work/hf" 2> /dev/null
as() { rm -rf "$work/v"; cp -r "$work/hf" "$work/v"; "$variant" "$work/hf/model.safetensors" "$work/v/model.safetensors" "$1"; }
import() { "$bin/collapse-import" "$work/v" --output="$work/v.h5" --overwrite "$@" 2> "$work/stderr"; }
# moved A B NAME: does the tensor differ? diff names every dataset that differs.
moved() { "$diff" "$1" "$2" --most=0 2> /dev/null | grep -q "$3"; }

as untied
fails 65 "write \"tie_word_embeddings\": false" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
sed -i 's/"tie_word_embeddings": true/"tie_word_embeddings": false/' "$work/v/config.json"
import && "$bin/collapse-check" "$work/v.h5" > /dev/null; ok $? "a decoder of its own is imported: $(tail -n 1 "$work/stderr")"
"$bin/collapse-export" "$work/v.h5" --output="$work/e" 2> /dev/null && grep -q '"tie_word_embeddings": false' "$work/e/config.json" &&
    "$bin/collapse-import" "$work/e" --output="$work/e.h5" 2> /dev/null && "$compare" "$work/v.h5" "$work/e.h5" --bits > "$work/found"; ok $? "and exported as it was: $(cat "$work/found")"
cp "$work/v.h5" "$work/untied.h5"
for ranks in 1 3; do
    train $ranks "$work/u$ranks" --init="$work/untied.h5" --steps=5 --nc-grad=both
    moved "$work/untied.h5" "$work/u$ranks/model.h5" decoder.weight && moved "$work/untied.h5" "$work/u$ranks/model.h5" word_embeddings
    ok $? "$ranks ranks: decoder and embeddings are trained, each for itself"
done
"$compare" "$work/u1/model.h5" "$work/u3/model.h5" --weights=1e-3 --against="$work/untied.h5" > "$work/found"; ok $? "3 ranks: $(tail -n 1 "$work/found")"
train 2 "$work/own" --init="$work/untied.h5" --steps=5 --nc-sync=none; ok $? "class means of each rank's own, overlapped sums"
"$bin/collapse-export" "$work/u1/model.h5" --output="$work/t" --decoder=tie 2> /dev/null && "$bin/collapse-import" "$work/t" --output="$work/t.h5" 2> /dev/null
ok $? "published conversion: the decoder takes the place of the embeddings"
"$diff" "$work/u1/model.h5" "$work/t.h5" --most=0 > "$work/found"
grep -q "word_embeddings" "$work/found" && grep -q "decoder.weight.*only in the first" "$work/found" && [ "$(grep -c "weights.* [0-9.]*e[-+]" "$work/found")" = 1 ]; ok $? "nothing else differs: $(grep differ "$work/found" | tail -n 1)"

as pooler
import --pooler && ! grep -q "left out (.*pooler" "$work/stderr"; ok $? "a pooler is kept when asked for: $(tail -n 1 "$work/stderr")"
"$bin/collapse-export" "$work/v.h5" --output="$work/p" 2> /dev/null && grep -aq "bert.pooler.dense.weight" "$work/p/model.safetensors"; ok $? "and exported"
train 2 "$work/pool" --init="$work/v.h5" --steps=5 --weight-decay=0.1 && ! moved "$work/v.h5" "$work/pool/model.h5" pooler && moved "$work/v.h5" "$work/pool/model.h5" word_embeddings
ok $? "masked LM carries it along: $(grep -o 'frozen:.*' "$work/pool.log")"
rm -f "$work/none.h5"; rm -rf "$work/v"; cp -r "$work/hf" "$work/v"
fails 65 "has no tensor 'bert.pooler.dense.weight'.*but --pooler asks" "$bin/collapse-import" "$work/v" --output="$work/none.h5" --pooler

freeze="--freeze=bert.embeddings.p*,bert.encoder.layer.0.*,!bert.encoder.layer.0.output.*,*.key.weight,*.value.bias --nc-weight=0"
flags="--init=$work/start/model.h5 --steps=8 --weight-decay=0.1 --dropout=0.1"
for ranks in 1 2 3; do
    train $ranks "$work/f$ranks" $flags $freeze
    found=0
    for name in position_embeddings layer.0.attention layer.0.intermediate layer.1.attention.self.key.weight layer.1.attention.self.value.bias; do moved "$work/start/model.h5" "$work/f$ranks/model.h5" $name && { found=1; echo "# $name moved"; }; done
    for name in word_embeddings layer.0.output.dense.weight layer.1.attention.self.query layer.1.attention.self.key.bias predictions.bias; do moved "$work/start/model.h5" "$work/f$ranks/model.h5" $name || { found=1; echo "# $name did not move"; }; done
    ok $found "$ranks ranks, with weight decay: what is frozen keeps its bits, the rest moves: $(grep -o 'frozen:.*' "$work/f$ranks.log")"
done
"$compare" "$work/f1/model.h5" "$work/f3/model.h5" --weights=1e-3 --against="$work/start/model.h5" > "$work/found"; ok $? "3 ranks: $(tail -n 1 "$work/found")"
last=step-00000008.h5
train 3 "$work/whole" $flags $freeze --shard-optimizer=no --overlap-sums=yes
"$compare" "$work/f3/$last" "$work/whole/$last" --bits --skip=seconds > "$work/found"; ok $? "optimizer whole or dealt, sums behind or after: the same bits: $(cat "$work/found")"
! "$bin/collapse-show" --all "$work/f3/$last" | grep -q "optimizer/first/bert.encoder.layer.0.attention"; ok $? "frozen tensors have no moments"
train 1 "$work/r1" $flags $freeze --reproducible=yes; train 3 "$work/r3" $flags $freeze --reproducible=yes --checkpoint-steps=3
"$compare" "$work/r1/$last" "$work/r3/$last" --bits --skip=seconds > "$work/found"; ok $? "reproducible: 3 ranks have the bits of one: $(cat "$work/found")"
rm -f "$work/r3/model.h5" "$work/r3/$last"; train 2 "$work/r3" $flags $freeze --reproducible=yes
"$compare" "$work/r1/$last" "$work/r3/$last" --bits --skip=seconds > "$work/found"; ok $? "continued from step 6 on other ranks: the same: $(cat "$work/found")"
grad() { cut -f8 "$1/log.tsv" | sed -n 2p; }
train 1 "$work/all" $flags --nc-weight=0
awk "BEGIN { exit !($(grad "$work/f1") < $(grad "$work/all")) }"; ok $? "the norm is of what is trained: $(grad "$work/f1"), of everything: $(grad "$work/all")"

# A prefix: trained alone, stored, continued, evaluated; on ranks as on one.
alone="--init=$work/start/model.h5 --nc-weight=0 --freeze=*,!*.prefix --prefix=5 --steps=8 --dropout=0.1 --learning-rate=0.01"
for ranks in 1 3; do
    train $ranks "$work/x$ranks" $alone
    "$diff" "$work/start/model.h5" "$work/x$ranks/model.h5" --most=0 > "$work/found"
    ! grep "weights" "$work/found" | grep -v "only in" | grep -q "e[-+][0-9]" && [ "$(grep -c "self.prefix.*only in the second" "$work/found")" = 2 ]
    ok $? "$ranks ranks: the prefix alone is trained: $(grep -o 'frozen:.*' "$work/x$ranks.log")"
done
"$compare" "$work/x1/model.h5" "$work/x3/model.h5" --weights=1e-4 > "$work/found"; ok $? "3 ranks: $(tail -n 1 "$work/found")"
train 2 "$work/xl" $alone --steps=40 --batch=60 --dropout=0 --learning-rate=0.05 --schedule=constant
loss() { sed -n "$2" "$1/log.tsv" | awk '{ sum += $4 } END { print sum / NR }'; }
awk "BEGIN { exit !($(loss "$work/xl" '37,41p') < $(loss "$work/xl" '2,4p') - 0.05) }"; ok $? "the loss falls: $(loss "$work/xl" '2,4p') to $(loss "$work/xl" '37,41p')"
train 1 "$work/xr1" $alone --reproducible=yes; train 3 "$work/xr3" $alone --reproducible=yes --checkpoint-steps=3 --recompute=yes
rm -f "$work/xr3/model.h5" "$work/xr3/$last"; train 2 "$work/xr3" $alone --reproducible=yes --checkpoint-steps=3
"$compare" "$work/xr1/$last" "$work/xr3/$last" --bits --skip=seconds > "$work/found"; ok $? "reproducible, recomputed, continued on other ranks: the bits of one: $(cat "$work/found")"
head -n 5 "$work/text.txt" > "$work/five.txt"
for m in start x1; do "$collapse" encode "$work/$m/model.h5" --text="$work/five.txt" --output="$work/$m-e.h5" > "$work/log" 2>&1 || cat "$work/log"; done
! "$compare" "$work/start-e.h5" "$work/x1-e.h5" --bits > "$work/found"; ok $? "encode reads the prefix: $(tail -n 1 "$work/found")"
train 2 "$work/xs" --init="$work/x1/model.h5" --nc-weight=0 --steps=2; ok $? "a model that has a prefix is trained on"
train 2 "$work/xp" --nc-weight=0 --steps=2 --prefix=8 --prefix-shift=yes; ok $? "positions from behind the prefix"
fails 64 "no place" "$bin/collapse-export" "$work/x1/model.h5" --output="$work/xe"
fails 64 "but the model has a prefix of 5" "$collapse" train "$work/base.conf" --init="$work/x1/model.h5" --output="$work/x" --steps=1 --prefix=6
fails 64 "leaves less than 3 of the model's 40 positions" "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --prefix=38 --prefix-shift=yes
fails 64 "max-length = 32, but the model reads at most 30 positions" "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --prefix=10 --prefix-shift=yes

fails 64 "freeze names 'roberta.\*', but no tensor" "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --freeze='roberta.*'
fails 64 "leaves nothing to train" "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --nc-weight=0 --freeze='*'
fails 64 "trains the rows of the decoder alone, but they are frozen" "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --freeze='bert.embeddings.*'
train 2 "$work/both" --steps=3 --freeze='bert.embeddings.*' --nc-grad=both; ok $? "with frozen embeddings the regularizer still reaches the encoder: $(grep -o 'frozen:.*' "$work/both.log")"
