/* bec.h: masked-LM training on gender-swapped text (Bartl, Nissim, Gatt 2020). */
#ifndef METHODS_BEC_H
#define METHODS_BEC_H

#include "methods/method.h"

extern const Method method_bec;

#endif
