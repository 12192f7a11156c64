/* recognise.h: which evaluations a folder of data offers (--task=all). Local. */
#ifndef EVALUATE_RECOGNISE_H
#define EVALUATE_RECOGNISE_H

#include "evaluate/task.h"

typedef struct {
    const Task *task;
    char *data; /* owned: a file, or a folder of files of one task */
} Offer;

typedef struct {
    Offer *offer; /* owned [n], in the order of paths */
    size_t n, capacity;
    char **other; /* owned [n_other]: files that no task recognises */
    size_t n_other, others;
} Offers;

/* A table belongs to the task whose columns its first line has, JSON to the task whose keys it has; both by their
 * endings. Plain text belongs to nobody by its content: a name with "perplexity" or "pronoun" in it says so. Folders
 * in folders are looked into, hidden and packed (.gz) files are not. */
Status offers_find(const char *folder, Offers *offers);
void offers_add(Offers *offers, const Task *task, const char *data);
void offers_free(Offers *offers);
/* The rules, for --help. */
void offers_print_rules(void);

#endif
