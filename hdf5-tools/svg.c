/* svg.c: axes and lines. */
#include "svg.h"

#include <math.h>

void svg_escape(FILE *f, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", f); break;
        case '<': fputs("&lt;", f); break;
        case '>': fputs("&gt;", f); break;
        case '"': fputs("&quot;", f); break;
        default: fputc((unsigned char)*text < 32 && *text != '\n' ? ' ' : *text, f);
        }
    }
}

const char *svg_colour(int i)
{
    static const char *const colour[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"};
    return colour[i % 7];
}

int svg_style(int i)
{
    return i / 7 % 3;
}

const char *svg_dash(int i)
{
    static const char *const dash[] = {"", "7 3", "2 3"};
    return dash[svg_style(i)];
}

void svg_begin(FILE *f, int width, int height, const char *title, const char *description)
{
    fprintf(f,
            "<svg role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "xmlns=\"http://www.w3.org/2000/svg\"><title>",
            width, height, width, height);
    svg_escape(f, title);
    fputs("</title><desc>", f);
    svg_escape(f, description);
    fputs("</desc>\n", f);
}

void svg_end(FILE *f)
{
    fputs("</svg>\n", f);
}

static double scale_y(const Plot *p, double y)
{
    return p->log_y ? log10(y) : y;
}

double plot_x(const Plot *p, double x)
{
    return p->left + (x - p->x0) / (p->x1 - p->x0) * p->width;
}

double plot_y(const Plot *p, double y)
{
    const double low = scale_y(p, p->y0), high = scale_y(p, p->y1);
    return p->top + p->height - (scale_y(p, y) - low) / (high - low) * p->height;
}

/* 1, 2 or 5 times a power of ten, so that about `wanted` steps fit. */
static double round_step(double range, int wanted)
{
    const double raw = range / wanted, power = pow(10, floor(log10(raw))), share = raw / power;
    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

static void x_tick(const Plot *p, double x)
{
    const double at = plot_x(p, x);
    fprintf(p->f,
            "<path class=\"grid\" d=\"M%.1f %dv%d\"/><text class=\"tick\" x=\"%.1f\" y=\"%d\" "
            "text-anchor=\"middle\">%.6g</text>\n",
            at, p->top, p->height, at, p->top + p->height + 15, fabs(x) < 1e-12 ? 0 : x);
}

static void y_tick(const Plot *p, double y)
{
    const double at = plot_y(p, y);
    fprintf(p->f,
            "<path class=\"grid\" d=\"M%d %.1fh%d\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\" "
            "text-anchor=\"end\">%.6g</text>\n",
            p->left, at, p->width, p->left - 5, at + 4, !p->log_y && fabs(y) < 1e-12 ? 0 : y);
}

void plot_axes_x(const Plot *p, const char *x_label)
{
    const double x_step = round_step(p->x1 - p->x0, 6);
    for (double x = ceil(p->x0 / x_step - 1e-9) * x_step; x <= p->x1 + 1e-9 * x_step; x += x_step) x_tick(p, x);
    fprintf(p->f, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", p->left, p->top, p->width,
            p->height);
    fprintf(p->f, "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", p->left + p->width / 2,
            p->top + p->height + 32);
    svg_escape(p->f, x_label);
    fputs("</text>\n", p->f);
}

void plot_axes(const Plot *p, const char *x_label, const char *y_label)
{
    if (p->log_y) {
        const double decades = log10(p->y1) - log10(p->y0), every = ceil(decades / 6);
        for (double e = ceil(log10(p->y0) - 1e-9); e <= log10(p->y1) + 1e-9; e += every) y_tick(p, pow(10, e));
    } else {
        const double y_step = round_step(p->y1 - p->y0, 5);
        for (double y = ceil(p->y0 / y_step - 1e-9) * y_step; y <= p->y1 + 1e-9 * y_step; y += y_step) y_tick(p, y);
    }
    plot_axes_x(p, x_label);
    fprintf(p->f, "<text class=\"label\" transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">",
            p->top + p->height / 2);
    svg_escape(p->f, y_label);
    fputs("</text>\n", p->f);
}

void plot_line(const Plot *p, int n, const double *x, const double *y, const char *colour, const char *dash)
{
    bool down = false;
    fprintf(p->f, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\"", colour);
    if (dash[0]) fprintf(p->f, " stroke-dasharray=\"%s\"", dash);
    fputs(" d=\"", p->f);
    for (int i = 0; i < n; i++) {
        const bool shown = isfinite(x[i]) && isfinite(y[i]) && (!p->log_y || y[i] > 0);
        if (shown) fprintf(p->f, "%c%.1f %.1f", down ? 'L' : 'M', plot_x(p, x[i]), plot_y(p, y[i]));
        down = shown;
    }
    fputs("\"/>\n", p->f);
}

void plot_extend(int n, const double *x, bool only_positive, double range[2])
{
    for (int i = 0; i < n; i++) {
        if (!isfinite(x[i]) || (only_positive && x[i] <= 0)) continue;
        if (x[i] < range[0]) range[0] = x[i];
        if (x[i] > range[1]) range[1] = x[i];
    }
}
