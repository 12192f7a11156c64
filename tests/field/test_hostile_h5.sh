# test_hostile_h5.sh: the field log's hostile/h5-*: no crash, no other file read, no size believed; a configuration that
# differs is a difference.
. "$ROOT/tests/lib.sh"
field=$SHARED/field/hostile
[ -n "$SHARED" ] && [ -d "$field" ] || { skip "no field log here"; exit 0; }
cp -r "$field"/h5-* "$work"; chmod -R u+w "$work"; gunzip -r "$work"/h5-*; cd "$work" || exit 1
check=$bin/collapse-check show=$bin/collapse-show diff=$bin/collapse-diff
for file in h5-external-storage-and-links/c_*.h5; do
    fails 65 "$(basename "$file")" "$check" "$file"
    fails 65 "$(basename "$file")" timeout 120 "$collapse" encode "$file" --text=h5-external-storage-and-links/t.txt --output=e.h5
done
fails 65 "c_bigdecl.h5" timeout 60 "$check" h5-huge-declared-sizes/c_bigdecl.h5
fails 65 "c_positions.h5" timeout 120 "$collapse" encode h5-huge-declared-sizes/c_positions.h5 --text=h5-huge-declared-sizes/t.txt --output=e.h5
for tool in "$check" "$show"; do
    fails 65 "m_model.h5: /model/weights: .*damaged" "$tool" h5-one-byte-show-segv/m_model.h5
    fails 65 "geo-zeroed.h5: /metric: .*damaged" "$tool" h5-zeroed-64-bytes-check-segv/geo-zeroed.h5
done
[ ! -e e.h5 ]; ok $? "nothing was written"
cd h5-diff-blind-to-configuration || exit 1
"$diff" model.h5 c_heads1.h5 > out; [ $? = 1 ] && grep -q "/model *num_attention_heads *2 | 1" out; ok $? "diff: heads differ: $(grep num_att out)"
"$diff" model.h5 c_eps.h5 > out; [ $? = 1 ] && grep -q "/model *layer_norm_eps *1e-12 | 0.5" out; ok $? "diff: layer_norm_eps differs: $(grep eps out)"
"$diff" model.h5 model.h5 > out; [ $? = 0 ] && grep -q "0 differ" out; ok $? "diff: a file and itself"
for file in c_*.h5; do "$check" $file | grep -q "older version: its configuration is not covered"; ok $? "check: $file says that nothing guards its configuration"; done
