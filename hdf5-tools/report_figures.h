/* report_figures.h: figures of geometry files, and the parts of a page. All write to `page`. */
#ifndef HDF5_TOOLS_REPORT_FIGURES_H
#define HDF5_TOOLS_REPORT_FIGURES_H

#include <stdio.h>

#include "report_data.h"

extern FILE *page;

void page_text(const char *text); /* escaped */
void page_heading(const char *title);
void page_figure_end(const char *caption);
void page_caption_end(const char *caption); /* of a figure whose SVG has ended */
/* Names of the lines or bars 0 to n - 1 with their colours and styles, as text of the page, which flows: no number and
 * no length of names is too much. */
void page_legend(int n, const char *const *name);
/* A name short enough for a legend: the last two parts of a path; borrowed from it. */
const char *page_short_name(const char *path);

/* Dual cosines, class means, heat maps and spectra of the files with classes; most_words: how many classes carry their
 * word. */
void report_figures(const Report *report, int most_words);

#endif
