/* recognise.c: a table of rules: endings, what the file must hold, what its name must hold. */
#define _GNU_SOURCE /* memmem */
#include "evaluate/recognise.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "evaluate/data_files.h"
#include "io/file.h"
#include "io/text_file.h"

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
    return data_files_stem(name, endings) >= 0;
}

static bool has_marks(Slice text, const char *marks)
{
    Slice rest = slice_of(marks), mark;
    while (slice_next_field(&rest, ' ', &mark))
        if (!memmem(text.start, text.length, mark.start, mark.length)) return false;
    return true;
}

/* Could a rule be the file's, but for its content? */
static bool may_be(const char *name, int r)
{
    return task_find(rule[r].task) && ends_in(name, rule[r].endings) && strstr(name, rule[r].name);
}

/* Of JSON all, of a table the first line. */
static Slice where_marks_are(Slice text, bool is_json)
{
    const char *end = is_json || !text.length ? NULL : memchr(text.start, '\n', text.length);
    return end ? (Slice){text.start, (size_t)(end - text.start)} : text;
}

/* The first rule whose marks the text has, or that asks for none; -1: there is none. */
static int rule_of(const char *name, Slice text)
{
    const Slice part = where_marks_are(text, ends_in(name, "json jsonl"));
    for (int r = 0; r < N_RULES; r++)
        if (may_be(name, r) && has_marks(part, rule[r].marks)) return r;
    return -1;
}

Status recognise_refuse_other(const Task *task, const char *path, Slice text)
{
    for (int r = 0; r < N_RULES; r++) {
        const bool is_json = strstr(rule[r].endings, "json") != NULL;
        if (rule[r].name[0] || task_find(rule[r].task) == task) continue; /* a rule that needs the name says nothing */
        CHECK(!has_marks(where_marks_are(text, is_json), rule[r].marks), STATUS_DATA,
              "%s: is a file of task %s; measure it with that task (format = text takes its lines as they are)", path,
              rule[r].task);
    }
    return STATUS_OK;
}

/* The rule that a file obeys, or -1. Of a table the beginning is read, of JSON all. */
static Status find_rule(const char *path, const char *name, int *found)
{
    enum { BEGINNING = 1 << 16 };
    TextReader *reader;
    bool is_asked = false, ended;
    char *text;
    size_t length;
    *found = -1;
    for (int r = 0; r < N_RULES; r++) is_asked = is_asked || (may_be(name, r) && rule[r].marks[0]);
    if (!is_asked) {
        *found = rule_of(name, slice_of(""));
        return STATUS_OK;
    }
    TRY(text_reader_open(path, &reader));
    const size_t wanted = ends_in(name, "json jsonl") ? SIZE_MAX / 2 : BEGINNING;
    Status status = text_reader_next(reader, 0, 1, wanted, &text, &length, &ended);
    if (!status && length) *found = rule_of(name, (Slice){text, length});
    if (!status && !length) status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: is empty", path);
    text_reader_close(&reader);
    return status;
}

void offers_add(Offers *o, const Task *task, const char *data)
{
    memory_reserve((void **)&o->offer, &o->capacity, o->n + 1, sizeof *o->offer);
    o->offer[o->n++] = (Offer){task, memory_copy_text(data)};
}

/* why: NULL: the sentence of the last failure. */
static void leave_out(Offers *o, const char *path, const char *why)
{
    memory_reserve((void **)&o->other, &o->others, o->n_other + 1, sizeof *o->other);
    char *sentence = why ? memory_print("%s: %s", path, why) : memory_copy_text(status_message());
    o->other[o->n_other++] = (LeftOut){memory_copy_text(path), sentence};
}

void offers_free(Offers *o)
{
    for (size_t i = 0; i < o->n; i++) free(o->offer[i].data);
    for (size_t i = 0; i < o->n_other; i++) free(o->other[i].path), free(o->other[i].why);
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

static void look(const char *path, const char *name, Offers *o, Together *t)
{
    int found;
    const bool is_read = find_rule(path, name, &found) == STATUS_OK;
    count(t, o, name, found);
    if (found >= 0) offers_add(o, task_find(rule[found].task), path);
    else leave_out(o, path, is_read ? "no task recognises it" : NULL);
}

/* The folder at hand, and those it lies in. */
typedef struct Level {
    const struct Level *up;
    struct stat info;
    int depth;
} Level;

static bool is_above(const Level *level, const struct stat *info)
{
    for (; level; level = level->up)
        if (level->info.st_dev == info->st_dev && level->info.st_ino == info->st_ino) return true;
    return false;
}

static Status walk(const char *folder, const Level *level, Offers *o);

static void look_into(const char *path, const struct stat *info, const Level *level, Offers *o)
{
    const Level next = {level, *info, level->depth + 1};
    if (is_above(level, info)) leave_out(o, path, "is a link to a folder that it lies in");
    else if (next.depth > DEEPEST) leave_out(o, path, "lies in too many folders; it is not looked into");
    else if (walk(path, &next, o)) leave_out(o, path, NULL);
}

/* Files in the first pass, and what is neither; folders in the second. */
static void visit(const char *path, const char *name, int pass, const Level *level, Offers *o, Together *t)
{
    struct stat info;
    if (name[0] == '.') return;
    if (stat(path, &info) != 0) {
        char *why = memory_print("cannot be read: %s", strerror(errno));
        if (pass == 0) leave_out(o, path, why);
        free(why);
        return;
    }
    if (pass == 0 && S_ISREG(info.st_mode)) look(path, name, o, t);
    else if (pass == 0 && !S_ISDIR(info.st_mode)) leave_out(o, path, "is a pipe or a device");
    else if (pass == 1 && S_ISDIR(info.st_mode)) look_into(path, &info, level, o);
}

static Status walk(const char *folder, const Level *level, Offers *o)
{
    struct dirent **entry;
    Together together = {0};
    const size_t begin = o->n;
    const int n = scandir(folder, &entry, NULL, by_name);
    CHECK(n >= 0, STATUS_IO, "%s: cannot be read: %s", folder, strerror(errno));
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < n; i++) {
            char *path = file_join(folder, entry[i]->d_name);
            visit(path, entry[i]->d_name, pass, level, o, &together);
            free(path);
        }
        if (pass == 0) join(&together, folder, begin, o);
    }
    for (int i = 0; i < n; i++) free(entry[i]);
    free(entry);
    return STATUS_OK;
}

Status offers_find(const char *folder, Offers *o)
{
    Level level = {NULL, .depth = 0};
    *o = (Offers){0};
    CHECK(stat(folder, &level.info) == 0, STATUS_IO, "%s: cannot be read: %s", folder, strerror(errno));
    CHECK(S_ISDIR(level.info.st_mode), STATUS_USAGE,
          "task = all needs --data=FOLDER, but %s is no folder; name its task", folder);
    TRY(walk(folder, &level, o));
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
