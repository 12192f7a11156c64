/* word_groups.h: words of attribute groups, aligned row by row, and neutral words; which of them a sentence holds.
 *
 * Files of a word a line: row r of every group is one tuple (man woman; church mosque synagogue). A word of any case is
 * met where it stands whole in a text, also with a contraction or a hyphen behind it (data/text_words). */
#ifndef DATA_WORD_GROUPS_H
#define DATA_WORD_GROUPS_H

#include "data/text_words.h"
#include "parallel/comm.h"

enum { MOST_WORD_GROUPS = 8 };

/* An example is counted in a slot: a word of the dictionary in a group. The neutral words are group n_groups. */
typedef struct {
    const char *name[MOST_WORD_GROUPS + 1]; /* borrowed */
    const char *path[MOST_WORD_GROUPS + 1];
    int n_groups;
    WordPairs dictionary;       /* the words of all files */
    int *row[MOST_WORD_GROUPS]; /* owned [n_rows]: places in the dictionary */
    int n_rows, n_repeated;     /* tuples, each once; how many lines repeated one */
    bool *is_in;                /* owned [slots]: does the file of the group hold the word? */
    int n_slots;

    TextWords words; /* of the sentence at hand */
    int *found;      /* owned [n_found]: entries it holds, each once, in the order of their first places */
    int n_found;
    size_t found_capacity;
    bool *is_found; /* owned [dictionary.n] */
} WordGroups;

static inline int word_groups_slot(const WordGroups *groups, int group, int entry)
{
    return group * groups->dictionary.n + entry;
}

/* name, path: of n groups, then of the neutral words. Collective. Fails alike on all ranks: a file cannot be read,
 * files of the groups differ in their lines, no word. */
Status word_groups_read(const Comm *comm, const char *const *name, const char *const *path, int n, WordGroups *groups);
/* Slots of the examples that a sentence is: of every attribute word in it; of its neutral words if it has none of
 * those. add: called for each. Local. */
void word_groups_find(WordGroups *groups, Slice sentence, void (*add)(void *context, int slot), void *context);
void word_groups_free(WordGroups *groups);

#endif
