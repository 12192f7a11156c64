/* exclusive.h: keys that exclude each other. A flag wins over the file there too: what the file says against it is left
 * out, and the log says so. Two of one origin stay, and are refused by who reads them. Local. */
#ifndef TRAIN_EXCLUSIVE_H
#define TRAIN_EXCLUSIVE_H

#include "io/settings.h"

/* Of pairs such as steps and epochs: leave the file's out where the other is a flag. */
void exclusive_settle(Settings *settings);

/* A flag chose another method than the file: its line `key` of a method that was not chosen is left out. */
void exclusive_leave_out(Settings *settings, const char *key, const char *because);

#endif
