/* page.c: beginning, end, and the small parts of a page that all reports share. */
#include "page.h"

#include <string.h>

#include "base/version.h"
#include "svg.h"

FILE *page;

void page_text(const char *s)
{
    svg_escape(page, s);
}

void page_heading(const char *title)
{
    fputs("<h2>", page);
    page_text(title);
    fputs("</h2>\n", page);
}

void page_figure_end(const char *caption)
{
    svg_end(page);
    page_caption_end(caption);
}

void page_caption_end(const char *caption)
{
    fputs("<figcaption>", page);
    page_text(caption);
    fputs("</figcaption></figure>\n", page);
}

void page_legend(int n, const char *const *name)
{
    static const char *const border[] = {"solid", "dashed", "dotted"}; /* as svg_dash */
    fputs("<p class=\"legend\">", page);
    for (int i = 0; i < n; i++) {
        fprintf(page, "<span><i style=\"border-top-color:%s;border-top-style:%s\"></i>", svg_colour(i),
                border[svg_style(i)]);
        page_text(name[i]);
        fputs("</span>", page);
    }
    fputs("</p>\n", page);
}

const char *page_short_name(const char *path)
{
    int slashes = 0;
    for (const char *at = path + strlen(path); at > path; at--)
        if (at[-1] == '/' && at[0] && ++slashes == 2) return at;
    return path;
}

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:980px;margin:2em auto;padding:0 "
    "1em}"
    "h1{font-size:1.6em}h2{font-size:1.2em;border-bottom:1px solid #ccc;margin-top:2em}figure{margin:1em 0}"
    "figcaption{color:#444;font-size:.9em}table{border-collapse:collapse;font-size:.9em}"
    "td,th{padding:.15em .7em;border-bottom:1px solid #ddd;text-align:right;font-variant-numeric:tabular-nums}"
    "td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}svg "
    "text{font-family:system-ui,sans-serif}"
    ".tick{font-size:11px;fill:#333}.label{font-size:12px;fill:#111}.grid{stroke:#e4e4e4;fill:none}.frame{fill:none;"
    "stroke:#888}"
    ".legend{margin:.3em 0;font-size:.85em}.legend span{display:inline-block;margin-right:1.4em;overflow-wrap:anywhere}"
    ".legend i{display:inline-block;width:1.6em;height:0;border-top:3px solid;margin-right:.4em;vertical-align:.25em}"
    ".panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:0 1em}.panels "
    "figure{margin:.4em 0}"
    ".panels figcaption{overflow-wrap:anywhere}.paths td{overflow-wrap:anywhere}"
    ".note{color:#555}summary{cursor:pointer;color:#0050a0}.wide{overflow-x:auto}"
    "@media "
    "print{body{max-width:none;margin:0;font-size:10pt}h2{break-after:avoid}figure,table{break-inside:avoid}details{"
    "display:none}}";

void page_begin(const char *beginning, const char *title)
{
    fprintf(page,
            "%s<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
            "<title>",
            beginning);
    page_text(title);
    fprintf(page, "</title><style>%s</style></head><body>\n<h1>", style);
    page_text(title);
    fputs("</h1>\n<p class=\"note\">Written by ", page);
    page_text(version_text());
    fputs("</p>\n", page);
}

void page_end(void)
{
    fputs("</body></html>\n", page);
}
