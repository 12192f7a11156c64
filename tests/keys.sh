#!/bin/sh
# keys.sh: docs/keys.md, from the same tables as --help (make docs; tests/commands/test_help.sh compares).
bin=${1:-build}
echo '# Keys and flags'
echo
echo 'Made by `make docs` from the tables of the program; the same as `--help`.'
for command in train evaluate geometry encode tokenize vocab corpus swap pairs mask-pronouns collect bench; do
    printf '\n## collapse %s\n\n```\n' "$command"
    "$bin/collapse" "$command" --help
    printf '```\n'
done
for tool in import export check show diff table report ladder; do
    printf '\n## collapse-%s\n\n```\n' "$tool"
    "$bin/collapse-$tool" --help
    printf '```\n'
done
