/* report_figures.h: figures of geometry files, written to `page`. */
#ifndef HDF5_TOOLS_REPORT_FIGURES_H
#define HDF5_TOOLS_REPORT_FIGURES_H

#include "page.h"
#include "report_data.h"

/* Dual cosines, class means, heat maps and spectra of the files with classes; most_words: how many classes carry their
 * word. */
void report_figures(const Report *report, int most_words);

#endif
