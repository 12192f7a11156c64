/* recognise.c: a table of rules: endings, what the file must hold, what its name must hold. */
#define _GNU_SOURCE /* memmem */
#include "evaluate/recognise.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "io/file.h"

static const struct {
    const char *task, *endings;
    const char *marks; /* words that the first line of a table, or the whole of a JSON file, must have */
    const char *name;  /* part of the file's name */
    bool by_folder;    /* a folder that has such files alone, of these endings, is one piece of data */
} rule[] = {
    {"crows-pairs", "csv tsv", "sent_more sent_less stereo_antistereo bias_type", "", false},
    {"bec-pro", "tsv csv", "Sentence Sent_TM Sent_TAM Person Profession Prof_Gender", "", false},
    {"stereoset", "json", "\"data\" \"intrasentence\"", "", false},
    {"seat", "json jsonl", "\"targ1\" \"targ2\" \"attr1\" \"attr2\"", "", true},
    {"winobias-mlm", "dev", "[", "_stereotyped_type", true},
    {"perplexity", "txt", "", "perplexity", false},
    {"pronoun-gap", "txt", "", "pronoun", false},
};
enum { N_RULES = sizeof rule / sizeof rule[0], DEEPEST = 8 };

static bool ends_in(const char *name, const char *endings)
{
    Slice rest = slice_of(endings), ending;
    const char *dot = strrchr(name, '.');
    while (dot && slice_next_field(&rest, ' ', &ending))
        if (slice_is(ending, dot + 1)) return true;
    return false;
}

static bool has_marks(const char *bytes, size_t length, const char *marks)
{
    Slice rest = slice_of(marks), mark;
    while (slice_next_field(&rest, ' ', &mark))
        if (!memmem(bytes, length, mark.start, mark.length)) return false;
    return true;
}

static Status holds(const char *path, int r, bool *found)
{
    struct stat info;
    const char *bytes;
    size_t length;
    *found = !rule[r].marks[0];
    if (*found || stat(path, &info) || info.st_size == 0) return STATUS_OK;
    TRY(file_map(path, &bytes, &length));
    const char *end = ends_in(path, "json jsonl") ? NULL : memchr(bytes, '\n', length);
    *found = has_marks(bytes, end ? (size_t)(end - bytes) : length, rule[r].marks);
    file_unmap(bytes, length);
    return STATUS_OK;
}

/* The rule that a file obeys, or -1. */
static Status find_rule(const char *path, const char *name, int *found)
{
    *found = -1;
    for (int r = 0; r < N_RULES && *found < 0; r++) {
        bool has = false;
        if (!task_find(rule[r].task) || !ends_in(name, rule[r].endings) || !strstr(name, rule[r].name)) continue;
        TRY(holds(path, r, &has));
        if (has) *found = r;
    }
    return STATUS_OK;
}

void offers_add(Offers *o, const Task *task, const char *data)
{
    memory_reserve((void **)&o->offer, &o->capacity, o->n + 1, sizeof *o->offer);
    o->offer[o->n++] = (Offer){task, memory_copy_text(data)};
}

static void add_other(Offers *o, const char *path)
{
    memory_reserve((void **)&o->other, &o->others, o->n_other + 1, sizeof *o->other);
    o->other[o->n_other++] = memory_copy_text(path);
}

void offers_free(Offers *o)
{
    for (size_t i = 0; i < o->n; i++) free(o->offer[i].data);
    for (size_t i = 0; i < o->n_other; i++) free(o->other[i]);
    free(o->offer);
    free(o->other);
    *o = (Offers){0};
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Files of one folder that a rule takes together, seen so far. */
typedef struct {
    int n[N_RULES], first[N_RULES]; /* how many; the offer of the first */
    int rest[N_RULES];              /* files of the rule's endings that it does not know */
} Together;

static void count(Together *t, const Offers *o, const char *name, int found)
{
    for (int r = 0; r < N_RULES; r++) {
        if (!rule[r].by_folder || !ends_in(name, rule[r].endings)) continue;
        if (found != r) t->rest[r]++;
        else if (t->n[r]++ == 0) t->first[r] = (int)o->n;
    }
}

/* The offers of a rule's files become one, of their folder, in the place of the first. */
static void join(const Together *t, const char *folder, size_t begin, Offers *o)
{
    for (int r = 0; r < N_RULES; r++) {
        if (t->n[r] < 2 || t->rest[r]) continue;
        size_t kept = begin;
        for (size_t i = begin; i < o->n; i++) {
            const bool is_its = o->offer[i].task == task_find(rule[r].task), is_first = (int)i == t->first[r];
            if (is_its) free(o->offer[i].data);
            if (is_its && is_first) o->offer[i].data = memory_copy_text(folder);
            if (!is_its || is_first) o->offer[kept++] = o->offer[i];
        }
        o->n = kept;
    }
}

static Status look(const char *path, const char *name, Offers *o, Together *t)
{
    int found;
    TRY(find_rule(path, name, &found));
    count(t, o, name, found);
    if (found >= 0) offers_add(o, task_find(rule[found].task), path);
    else add_other(o, path);
    return STATUS_OK;
}

static Status walk(const char *folder, int depth, Offers *o)
{
    struct dirent **entry;
    Together together = {0};
    Status status = STATUS_OK;
    const size_t begin = o->n;
    const int n = scandir(folder, &entry, NULL, by_name);
    CHECK(n >= 0, STATUS_IO, "%s: cannot be read: %s", folder, strerror(errno));
    for (int pass = 0; pass < 2; pass++) { /* its files, then its folders */
        for (int i = 0; i < n && !status; i++) {
            struct stat info;
            char *path = file_join(folder, entry[i]->d_name);
            const bool is_there = entry[i]->d_name[0] != '.' && stat(path, &info) == 0;
            if (is_there && pass == 0 && S_ISREG(info.st_mode)) status = look(path, entry[i]->d_name, o, &together);
            if (is_there && pass == 1 && S_ISDIR(info.st_mode) && depth < DEEPEST) status = walk(path, depth + 1, o);
            free(path);
        }
        if (pass == 0) join(&together, folder, begin, o);
    }
    for (int i = 0; i < n; i++) free(entry[i]);
    free(entry);
    return status;
}

Status offers_find(const char *folder, Offers *o)
{
    struct stat info;
    *o = (Offers){0};
    CHECK(stat(folder, &info) == 0, STATUS_IO, "%s: %s", folder, strerror(errno));
    CHECK(S_ISDIR(info.st_mode), STATUS_USAGE, "task = all needs --data=FOLDER, but %s is no folder; name its task",
          folder);
    TRY(walk(folder, 0, o));
    CHECK(o->n > 0, STATUS_DATA, "%s: no task recognises any of its %zu files; collapse evaluate --help says how",
          folder, o->n_other);
    return STATUS_OK;
}

void offers_print_rules(void)
{
    for (int r = 0; r < N_RULES; r++) {
        if (!task_find(rule[r].task)) continue;
        printf("  %-12s .%s", rule[r].task, rule[r].endings);
        if (rule[r].name[0]) printf(" with '%s' in its name", rule[r].name);
        if (rule[r].marks[0]) printf(" with %s", rule[r].marks);
        if (rule[r].by_folder) printf("; a folder of such files is one");
        printf("\n");
    }
}
