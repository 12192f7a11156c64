/* dataset.h: what a method trains on: items by global number, the same on all ranks.
 *
 * An item has n_texts texts (one; MABEL's pairs of premise and hypothesis and their counterfactuals four), tokenized.
 * Text t of item i is text i n_texts + t of the arrays. Fields that a method does not use are NULL. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int n;           /* items */
    int n_texts;     /* of each */
    int32_t *id;     /* owned: pieces of all texts, end to end */
    int64_t *offset; /* owned [n n_texts + 1]: where a text begins in id */
    int longest;     /* pieces of the longest text */
    int n_cut;       /* texts that were longer than max_length */
    int max_length;  /* in force */
    bool is_padded;  /* samples are filled up in a step: dealt as if all were as long as the longest */
    int32_t *kind;   /* owned, as id: token types; NULL: all 0 */
    int64_t *mark_offset;
    int32_t *mark; /* owned [mark_offset[n n_texts]]: positions of a text that something is said about, ascending; those
                      of text k from mark_offset[k] on (owned [n n_texts + 1]) */
    int32_t *answer; /* owned [n]: the id that belongs behind an item's [MASK] */
    double *target;  /* owned [n]: class or score of an item */
    int32_t *part;   /* owned [n]: what an item is for (a group, train or held out), by the method's own numbers */
} Dataset;

void dataset_free(Dataset *data);

static inline int dataset_texts(const Dataset *data)
{
    return data->n * data->n_texts;
}

/* Pieces of one text, and of all texts of an item. */
static inline int dataset_length(const Dataset *data, int text)
{
    return (int)(data->offset[text + 1] - data->offset[text]);
}

static inline int dataset_item_length(const Dataset *data, int item)
{
    return (int)(data->offset[(item + 1) * data->n_texts] - data->offset[item * data->n_texts]);
}

#endif
