/* page.h: the parts of a self-contained HTML page. All write to `page`. */
#ifndef HDF5_TOOLS_PAGE_H
#define HDF5_TOOLS_PAGE_H

#include <stdio.h>

extern FILE *page;

/* beginning: the first bytes, by which the page is known again (io/output.h); then style, title and who wrote it. */
void page_begin(const char *beginning, const char *title);
void page_end(void);
void page_text(const char *text); /* escaped */
void page_heading(const char *title);
void page_figure_end(const char *caption);
void page_caption_end(const char *caption); /* of a figure whose SVG has ended */
/* Names of the lines or bars 0 to n - 1 with their colours and styles, as text of the page, which flows: no number and
 * no length of names is too much. */
void page_legend(int n, const char *const *name);
/* A name short enough for a legend: the last two parts of a path; borrowed from it. */
const char *page_short_name(const char *path);

#endif
