# test_demo.sh: the demonstration, shortened, in a folder whose name has blanks and umlauts, with a launcher given by name.
. "$ROOT/tests/lib.sh"
out="$work/some where/größer"
printf '#!/bin/sh\necho "launched $*" >> "%s/launched"\nexec %s "$@"\n' "$work" "${MPIRUN:-mpirun}" > "$work/launcher"; chmod +x "$work/launcher"
MPIRUN="$work/launcher" STEPS=10 "$ROOT/jobs/demo/demo.sh" "$bin" "$out" > "$work/said" 2>&1
ok $? "the demo ends well: $(tail -n 1 "$work/said")"
[ "$(grep -c "^launched -n 2 " "$work/launched")" = 3 ] && ! grep -q oversubscribe "$work/launched"; ok $? "three runs by the launcher given, with no word of one launcher alone"
[ -s "$out/bec-nc10/model.h5" ] && [ "$(grep -c "bec-nc10/model.h5 *[0-9]" "$work/said")" = 3 ]; ok $? "three tables, each with the last model"
[ "$(find "$work/some where" -type f | grep -vc "^$out/")" = 0 ] && [ ! -e "$work/some" ]; ok $? "no file beside the folder"
