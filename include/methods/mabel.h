/* mabel.h: contrastive training on entailment pairs and their gender-swapped copies (He et al. 2022). */
#ifndef METHODS_MABEL_H
#define METHODS_MABEL_H

#include "methods/method.h"

extern const Method method_mabel;

#endif
