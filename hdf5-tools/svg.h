/* svg.h: plots as inline SVG. Every figure has a title and a description for those who cannot see it; colours are those
 * of Okabe and Ito (2008), which colour-blind readers can tell apart. */
#ifndef HDF5_TOOLS_SVG_H
#define HDF5_TOOLS_SVG_H

#include <stdbool.h>
#include <stdio.h>

typedef struct {
    FILE *f;
    double x0, x1, y0, y1;        /* data at the edges; y0 < y1 */
    int left, top, width, height; /* of the plotting area, in pixels */
    bool log_y;                   /* data are positive; y0, y1 too */
} Plot;

void svg_escape(FILE *f, const char *text); /* for text and attributes of HTML and SVG */
const char *svg_colour(int i);              /* the i-th of the palette of seven, in turn */
int svg_style(int i);                       /* 0 full, 1 dashed, 2 dotted: after seven the next */
const char *svg_dash(int i);                /* the same as stroke-dasharray, "" full */

void svg_begin(FILE *f, int width, int height, const char *title, const char *description);
void svg_end(FILE *f);

/* Frame, ticks at round numbers, labels. */
void plot_axes(const Plot *p, const char *x_label, const char *y_label);
/* The same without a scale upwards. */
void plot_axes_x(const Plot *p, const char *x_label);
double plot_x(const Plot *p, double x); /* data to pixels */
double plot_y(const Plot *p, double y);
/* Points that are not finite (or not positive on a log axis) interrupt the line. dash: as svg_dash. */
void plot_line(const Plot *p, int n, const double *x, const double *y, const char *colour, const char *dash);
/* Smallest and largest finite of n numbers into range[2]; only_positive: of those above 0. */
void plot_extend(int n, const double *x, bool only_positive, double range[2]);

#endif
