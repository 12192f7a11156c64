# test_safetensors_name_of_199_bytes.sh: a tensor whose name grows from 199 to 200 bytes when it is made canonical. It
# belongs to no model: it is left out, by name.
. "$ROOT/tests/lib.sh"
[ -n "$SHARED" ] || { skip "no ../shared"; exit 0; }
tar xzf "$SHARED/field/hostile/safetensors-name-of-199-bytes/hf.tgz" -C "$work"
"$bin/collapse-import" "$work/hf199" --output="$work/x.h5" 2> "$work/stderr" && grep -q "1 tensors .* left out (xxx" "$work/stderr" && "$bin/collapse-check" "$work/x.h5" > /dev/null
ok $? "imported without it: $(cut -c1-150 "$work/stderr")"
