/* adept.h: neutral words as far from every group's prototype, relative to each other, and states that stay (Yang et al.
 * 2023); fine-tuning, or prompts before a frozen encoder. */
#ifndef METHODS_ADEPT_H
#define METHODS_ADEPT_H

#include "methods/method.h"

extern const Method method_adept;

#endif
