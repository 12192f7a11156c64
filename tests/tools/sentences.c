/* sentences.c: the texts of a file, one a line, as sentences, for tests and oracles.
 *   sentences usual|plain < TEXT   one sentence a line, an empty line behind each text */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/sentences.h"
#include "io/file.h"

int main(int argc, char **argv)
{
    char *text;
    size_t length;
    const SentenceRule rule = argc > 1 && strcmp(argv[1], "plain") == 0 ? SENTENCES_PLAIN : SENTENCES_USUAL;
    if (file_read_stdin(&text, &length)) return 1;
    Slice rest = {text, length}, line, sentence;
    while (slice_next_line(&rest, &line)) {
        while (sentences_next(rule, &line, &sentence)) printf("%.*s\n", (int)sentence.length, sentence.start);
        putchar('\n');
    }
    free(text);
    return 0;
}
