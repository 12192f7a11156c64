/* dataset.c: arrays that belong together. */
#include "data/dataset.h"

#include <stdlib.h>

void dataset_free(Dataset *d)
{
    free(d->id);
    free(d->offset);
    free(d->kind);
    free(d->mark_offset);
    free(d->mark);
    free(d->answer);
    free(d->target);
    free(d->part);
    *d = (Dataset){0};
}
