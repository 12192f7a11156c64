/* marks.h: positions of the texts at which a word of a list stands. */
#ifndef DATA_MARKS_H
#define DATA_MARKS_H

#include "data/dataset.h"
#include "data/vocabulary.h"
#include "parallel/comm.h"

/* The words of a file, one blank between them, owned by the caller. Collective; fails alike on all ranks: it cannot be
 * read, is no text, holds no word. */
Status marks_read_words(const Comm *comm, const char *path, char **words);

/* Fill data->mark: positions of all pieces of every word of the list, wherever all of them stand one after the other;
 * first_alone: only where the word's first piece stands first in the text. Words with unknown pieces are left out.
 * Collective; fails alike on all ranks: also if no text holds any of them. */
Status marks_add(const Comm *comm, const char *path, const Vocabulary *vocabulary, bool first_alone, Dataset *data);

#endif
