/* recognise.h: which evaluations a folder of data offers (--task=all). Local. */
#ifndef EVALUATE_RECOGNISE_H
#define EVALUATE_RECOGNISE_H

#include "evaluate/task.h"

typedef struct {
    const Task *task;
    char *data; /* owned: a file, or a folder of files of one task */
} Offer;

/* A file, or a folder in it, that is no task's. */
typedef struct {
    char *path, *why; /* owned: why: a whole sentence, which names the path */
} LeftOut;

typedef struct {
    Offer *offer; /* owned [n], in the order of paths */
    size_t n, capacity;
    LeftOut *other; /* owned [n_other] */
    size_t n_other, others;
} Offers;

/* A table belongs to the task whose columns its first line has, JSON to the task whose keys it has; both by their
 * endings, behind which .gz may stand. Plain text belongs to nobody by its content: a name with "perplexity" or
 * "pronoun" in it says so. Folders in folders are looked into, hidden files are not. What cannot be read, or is no
 * file, is left out with its reason. */
Status offers_find(const char *folder, Offers *offers);
void offers_add(Offers *offers, const Task *task, const char *data);
void offers_free(Offers *offers);
/* Refuse text that, whatever its name, is surely a file of another task: a table's first line, or JSON, says so. For
 * tasks that would take any text. Local. */
Status recognise_refuse_other(const Task *task, const char *path, Slice text);
/* The rules, for --help. */
void offers_print_rules(void);

#endif
