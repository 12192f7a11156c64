/* prefix.h: keys and values of a layer's own, before those of every sample (prefix tuning, Li and Liang 2021). Local.
 *
 * A layer's tensor is [X, 2D], key and value side by side. In training every sample sees it with a dropout of its own
 * (hidden_dropout), as it would see states. */
#ifndef MODEL_PREFIX_H
#define MODEL_PREFIX_H

#include "kernels/vector.h"

/* seen [n_samples, X, 2D] = prefix [X, 2D] as each sample sees it. */
void prefix_forward(int n_samples, int x, int d, const real *prefix, const Dropout *dropout, real *seen);
/* dprefix [X, 2D] = (adds: +=) the sum over samples of dseen [n_samples, X, 2D] (overwritten), in their order. */
void prefix_backward(int n_samples, int x, int d, const Dropout *dropout, bool adds, real *dseen, real *dprefix);

#endif
