/* embedding.h: sum of word, position and type rows, and the gradient back to those rows. Local. */
#ifndef KERNELS_EMBEDDING_H
#define KERNELS_EMBEDDING_H

#include "base/real.h"

/* x [n, d] = word[id] + position[place] + type[kind], by row. */
void embedding_forward(int n, int d, const int *id, const int *place, const int *kind, const real *word,
                       const real *position, const real *type, real *x);

/* Add dx to the rows of one table: dtable[index[i]] += dx[i], rows in the order i = 0..n-1. The row
 * `padding` receives nothing (torch.nn.Embedding's padding_idx); EMBEDDING_ALL_ROWS: none is left out. */
enum { EMBEDDING_ALL_ROWS = -1 };
void embedding_backward(int n, int d, const int *index, const real *dx, int padding, real *dtable);

#endif
