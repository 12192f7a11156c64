/* examples.h: texts with a word that is looked at, of several kinds: neutral words, and those of attribute groups.
 *
 * A table with the columns word, group and text; the group is `neutral`, or any other name, each of which is a group.
 * An item is a text; its marks are the pieces of the word where it first stands; its part is its kind, 0 neutral, 1 the
 * group that comes first in the file, ..., with EXAMPLES_HELD_OUT added where it is not trained on. */
#ifndef METHODS_EXAMPLES_H
#define METHODS_EXAMPLES_H

#include "base/random.h"
#include "io/table.h"
#include "methods/method.h"

enum { MOST_GROUPS = 8, MOST_KINDS = 1 + MOST_GROUPS, EXAMPLES_HELD_OUT = 1 << 8 };

/* Draws: examples of one kind, `size` of them, without repetition.
 *
 * An epoch has of every kind as many as the smallest group allows, in an order of its own. cycles: a kind's examples in
 * an order of their own, draw by draw, and again in another one; fresh: each draw by itself, as published. What is
 * drawn is a function of (seed, epoch, draw). */
typedef struct {
    uint64_t seed;
    int size;    /* examples of a draw */
    int of_step; /* draws of a step, the last of an epoch has what is left */
    bool is_fresh;
} DrawRule;

typedef struct {
    DrawRule rule;
    int n_kinds;
    int n_train[MOST_KINDS], n_held[MOST_KINDS];
    int *train[MOST_KINDS], *held[MOST_KINDS]; /* numbers of items, in the order of the file */
    int per_kind;                              /* draws of a kind in an epoch */
    int of_epoch; /* draws of an epoch; fresh: those left over by whole steps are dropped */
    int *kind;    /* [n_kinds per_kind] of the draws of kind_epoch */
    int64_t kind_epoch;
    int *order[MOST_KINDS]; /* places in train, in the order of order_key */
    RandomKey order_key[MOST_KINDS];
    bool has_order[MOST_KINDS];
} Examples; /* arrays live in the arena */

typedef struct {
    int max_length;
    int held_out;     /* of each kind */
    const char *name; /* of the key that says so, and of its method: in messages */
    const char *method;
    DrawRule rule;
} ExamplesRequest;

/* The table to m->data, and the number of items of an epoch. Collective; fails alike on all ranks: no such columns; a
 * word that the vocabulary has not, or that does not stand in its text; fewer than two groups; too few examples. */
Status examples_read(const Comm *comm, MethodRun *m, const char *path, TableFormat format,
                     const ExamplesRequest *request);

/* Counts, and memory for the rest. Local. */
void examples_lay_out(Arena *arena, const Dataset *data, const DrawRule *rule, Examples *examples);
/* The lists, once memory is there. Local. */
void examples_sort(const Dataset *data, Examples *examples);

/* The kind of draw `draw` of an epoch; its items [size]. Local, the same everywhere. */
int examples_kind(Examples *examples, int64_t epoch, int draw);
void examples_draw(Examples *examples, int64_t epoch, int draw, int *item);
/* The first n of a kind's examples in an order of this epoch: those that a mean of batches is over, as published. */
void examples_shuffled(Examples *examples, int kind, int64_t epoch, int n, int *item);

#endif
