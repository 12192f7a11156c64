/* share.h: files that come with the program. Local. */
#ifndef IO_SHARE_H
#define IO_SHARE_H

/* The path of a file of this source ("jobs/words/x.txt"), beside the program that runs: in the source's folder over
 * build/, or in PREFIX/share/collapse over PREFIX/bin. Owned by the caller; NULL: it is in neither. */
char *share_find(const char *name);

#endif
