/* ladder_page.h: the ladder as a page: rank correlations side by side, the table, each score over the levels. */
#ifndef HDF5_TOOLS_LADDER_PAGE_H
#define HDF5_TOOLS_LADDER_PAGE_H

#include "ladder_statistics.h"

/* Listed scores alone; written to `page` (page.h), between page_begin and page_end. */
void ladder_page(const Ladder *ladder, const LadderResult *result);

#endif
