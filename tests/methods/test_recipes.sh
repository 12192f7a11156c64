# test_recipes.sh: every file of jobs/recipes is a run: its keys are known, its method takes them, and what it says of
# itself (the first comment) names the file. Oracle: --dry-run on a tiny model, which checks everything before step 1.
. "$ROOT/tests/lib.sh"
tiny 101
train 1 "$work/start" --steps=1
for recipe in "$ROOT"/jobs/recipes/*.conf; do
    name=$(basename "$recipe")
    case $name in mabel*|cda*) data=$ROOT/tests/data/entailment.csv;; *) data=$work/text.txt;; esac
    words=
    case $name in ase*) data=$ROOT/tests/data/pronouns.csv; words="--ase-neutral=tests/data/neutral.txt --ase-male=tests/data/male.txt --ase-female=tests/data/female.txt";; esac
    case $name in adept*|dpce*) data=$ROOT/tests/data/examples.csv; words="--batch=12 --${name%%[-.]*}-held-out=0";; esac
    grep -q "^nc-weight\|^compat" "$recipe" && words="$words --nc-words=$work/words.txt"
    "$collapse" train "$recipe" --init="$work/start/model.h5" --train-data="$data" --output="$work/out" --max-length=32 --dry-run $words > "$work/log" 2>&1 &&
        head -n 1 "$recipe" | grep -q "^# $name: "
    ok $? "$name: $(grep -o 'memory of rank 0: [0-9]* MB' "$work/log") $(grep -i "collapse:" "$work/log")"
done
[ $cases -ge 3 ]; ok $? "there are recipes: $cases"
