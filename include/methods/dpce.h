/* dpce.h: neutral words at right angles to every group's prototype, and states that stay (Kaneko and Bollegala 2021).
 */
#ifndef METHODS_DPCE_H
#define METHODS_DPCE_H

#include "methods/method.h"

extern const Method method_dpce;

#endif
