/* ase.h: pronouns in stereotyped contexts, with neutral words held off the gender direction and weights held where they
 * were (Park et al. 2023, BERT-ASE). */
#ifndef METHODS_ASE_H
#define METHODS_ASE_H

#include "methods/method.h"

extern const Method method_ase;

#endif
