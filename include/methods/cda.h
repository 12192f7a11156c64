/* cda.h: counterfactual data augmentation: masked LM on texts and on their copies with swapped genders. */
#ifndef METHODS_CDA_H
#define METHODS_CDA_H

#include "methods/method.h"

extern const Method method_cda;

#endif
