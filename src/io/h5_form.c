/* h5_form.c: the walk from the superblock to every object, and the sum of their records. */
#include "h5_form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/memory.h"
#include "h5_message.h"

enum { MOST_LEVELS = 16 /* of groups within groups */, PATH_BYTES = 1000 };

/* --- sums and records ------------------------------------------------------------------------------------ */

void h5_sum_add(H5Sum *sum, H5Sum other)
{
    sum->low += other.low;
    sum->high += other.high + (sum->low < other.low);
}

void h5_sum_subtract(H5Sum *sum, H5Sum other)
{
    sum->high -= other.high + (sum->low < other.low);
    sum->low -= other.low;
}

void h5_sum_text(H5Sum sum, char text[33])
{
    snprintf(text, 33, "%016llx%016llx", (unsigned long long)sum.high, (unsigned long long)sum.low);
}

void h5_record_add(H5Record *r, const void *bytes, size_t n)
{
    memory_reserve((void **)&r->bytes, &r->capacity, r->n + n + 1, 1);
    memcpy(r->bytes + r->n, bytes, n);
    r->n += n;
}

void h5_record_print(H5Record *r, const char *format, ...)
{
    char text[1200];
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    h5_record_add(r, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
}

H5Sum h5_record_sum(H5Record *r)
{
    const XXH128_hash_t hash = XXH3_128bits(r->bytes, r->n);
    free(r->bytes);
    *r = (H5Record){0};
    return (H5Sum){hash.low64, hash.high64};
}

/* --- one object ------------------------------------------------------------------------------------------ */

typedef struct {
    char *path; /* owned */
    uint64_t address;
    int level;
} Pending;

/* Objects still to be looked at, and the addresses of all that were met: each may be met once. */
typedef struct {
    Pending *pending; /* owned */
    size_t n, capacity;
    uint64_t *met; /* owned */
    size_t n_met, met_capacity;
    H5Form *form;
} Walk;

typedef struct {
    const char *path; /* "/" for the root */
    int level;
    Walk *walk;
    bool is_group, has_extent, has_type, has_storage, has_fill, has_listing;
    H5Extent extent;
    H5Type type;
    uint64_t address, size; /* of a dataset's bytes */
    uint64_t links, link_tree, attributes, attribute_tree;
    H5Attribute *attribute; /* owned */
    size_t n_attributes, attribute_capacity;
    uint64_t last_hash;
} Object;

static Status add_link(H5Image *image, H5Cursor item, uint32_t hash, void *context)
{
    Object *o = context;
    H5Link link;
    TRY(h5_read_link(image, item, &link));
    if (hash < o->last_hash || hash != h5_checksum((const uint8_t *)link.name, strlen(link.name)))
        return h5_damaged(image, "its members are listed in disorder");
    o->last_hash = hash;
    if (o->level == MOST_LEVELS || strlen(o->path) + strlen(link.name) + 2 > PATH_BYTES)
        return h5_foreign(image, "it holds groups within groups without end");
    Walk *w = o->walk;
    memory_reserve((void **)&w->pending, &w->capacity, w->n + 1, sizeof *w->pending);
    w->pending[w->n++] =
        (Pending){memory_print("%s/%s", o->level ? o->path : "", link.name), link.address, o->level + 1};
    return STATUS_OK;
}

static Status add_compact_link(H5Image *image, H5Cursor item, Object *o)
{
    H5Link link;
    TRY(h5_read_link(image, item, &link));
    o->last_hash = 0;
    return add_link(image, item, h5_checksum((const uint8_t *)link.name, strlen(link.name)), o);
}

static Status add_attribute(H5Image *image, H5Cursor item, uint32_t hash, void *context)
{
    Object *o = context;
    (void)hash;
    memory_reserve((void **)&o->attribute, &o->attribute_capacity, o->n_attributes + 1, sizeof *o->attribute);
    TRY(h5_read_attribute(image, item, &o->attribute[o->n_attributes]));
    o->n_attributes++;
    return STATUS_OK;
}

static Status add_listed_attribute(H5Image *image, H5Cursor item, uint32_t hash, void *context)
{
    Object *o = context;
    TRY(add_attribute(image, item, hash, o));
    const char *name = o->attribute[o->n_attributes - 1].name;
    if (hash < o->last_hash || hash != h5_checksum((const uint8_t *)name, strlen(name)))
        return h5_damaged(image, "its attributes are listed in disorder");
    o->last_hash = hash;
    return STATUS_OK;
}

/* Where links or attributes stand if not in the header. */
static Status read_listing(const H5Image *image, H5Cursor c, uint64_t *heap, uint64_t *tree)
{
    const int version = (int)h5_take(&c, 1), flags = (int)h5_take(&c, 1);
    if (version != 0 || flags != 0) return h5_foreign(image, "it remembers the order in which its members were made");
    *heap = h5_take(&c, 8);
    *tree = h5_take(&c, 8);
    return c.is_short ? h5_damaged(image, "the place of its members is cut off") : STATUS_OK;
}

enum {
    NOTHING = 0,
    EXTENT,
    LISTING,
    TYPE,
    FILL = 5,
    LINK,
    EXTERNAL,
    STORAGE,
    GROUP = 10,
    FILTERS,
    ATTRIBUTE,
    COMMENT,
    CONTINUATION = 16,
    TABLE,
    ATTRIBUTES = 21,
    REFERENCES
};

static Status refuse_message(const H5Image *image, int kind)
{
    switch (kind) {
    case EXTERNAL: return h5_foreign(image, "its values are stored in another file");
    case FILTERS: return h5_foreign(image, "it is compressed or filtered");
    case COMMENT: return h5_foreign(image, "it has a comment");
    case TABLE: return h5_foreign(image, "it is a group of the old kind");
    case REFERENCES: return h5_foreign(image, "it has several names");
    default: return h5_foreign(image, "its header has a part of another kind");
    }
}

static Status once(const H5Image *image, bool *had)
{
    if (*had) return h5_damaged(image, "a part of its header is there twice");
    *had = true;
    return STATUS_OK;
}

static Status read_message(H5Image *image, int kind, H5Cursor c, Object *o)
{
    switch (kind) {
    case NOTHING: return STATUS_OK;
    case EXTENT: TRY(once(image, &o->has_extent)); return h5_read_extent(image, &c, &o->extent);
    case TYPE: TRY(once(image, &o->has_type)); return h5_read_type(image, &c, &o->type);
    case FILL: TRY(once(image, &o->has_fill)); return h5_read_fill(image, c);
    case STORAGE: TRY(once(image, &o->has_storage)); return h5_read_storage(image, c, &o->address, &o->size);
    case LISTING: TRY(once(image, &o->is_group)); return read_listing(image, c, &o->links, &o->link_tree);
    case ATTRIBUTES:
        TRY(once(image, &o->has_listing));
        return read_listing(image, c, &o->attributes, &o->attribute_tree);
    case GROUP: return h5_take(&c, 1) == 0 && h5_take(&c, 1) == 0 ? STATUS_OK : refuse_message(image, kind);
    case LINK: return add_compact_link(image, c, o);
    case ATTRIBUTE: return add_attribute(image, c, 0, o);
    default: return refuse_message(image, kind);
    }
}

/* Messages up to the end of a part of the header; the parts that follow are put into more. */
typedef struct {
    uint64_t address[64], size[64];
    int n;
} Parts;

static Status read_messages(H5Image *image, H5Cursor c, Object *o, Parts *parts)
{
    while (h5_left(&c) >= 4) {
        const int kind = (int)h5_take(&c, 1);
        const size_t size = (size_t)h5_take(&c, 2);
        const int flags = (int)h5_take(&c, 1);
        const uint8_t *body = h5_take_bytes(&c, size);
        if (!body) return h5_damaged(image, "a part of its header is cut off");
        if (flags & 2) return h5_foreign(image, "a part of its header is shared with other objects");
        if (flags & ~5) return h5_damaged(image, "a part of its header is marked as unknown"); /* 1: constant, 4: own */
        if (kind != CONTINUATION) {
            TRY(read_message(image, kind, (H5Cursor){body, body + size, false}, o));
            continue;
        }
        H5Cursor part = {body, body + size, false};
        if (parts->n == 64) return h5_foreign(image, "its header is in more than 64 parts");
        parts->address[parts->n] = h5_take(&part, 8);
        parts->size[parts->n++] = h5_take(&part, 8);
        if (part.is_short) return h5_damaged(image, "a part of its header is cut off");
    }
    return STATUS_OK;
}

/* How long is the first part of the header at address? *head: bytes before its messages. */
static Status read_header_size(H5Image *image, uint64_t address, uint64_t *head, uint64_t *size)
{
    uint8_t *bytes, room[32] = {0};
    const uint64_t most = address < image->size && image->size - address < 32 ? image->size - address : 32;
    TRY(h5_read_raw(image, address, most, &bytes));
    memcpy(room, bytes, (size_t)most);
    free(bytes);
    H5Cursor c = {room + 5, room + 32, false};
    const int version = room[4], flags = (int)h5_take(&c, 1);
    if (room[0] == 1 && room[1] == 0) return h5_foreign(image, "its header is of version 1, made by another program");
    if (memcmp(room, "OHDR", 4) != 0 || version != 2) return h5_damaged(image, "its header is not where it should be");
    if (flags & 0xcc) return h5_foreign(image, "it remembers the order in which its attributes were made");
    h5_take_bytes(&c, (flags & 32 ? 16u : 0u) + (flags & 16 ? 4u : 0u)); /* times; sizes at which lists move out */
    *size = h5_take(&c, 1 << (flags & 3));
    *head = (uint64_t)(c.at - room);
    return c.is_short || *size > image->size ? h5_damaged(image, "its header is cut off") : STATUS_OK;
}

static Status read_header(H5Image *image, uint64_t address, Object *o)
{
    uint64_t head = 0, size = 0;
    uint8_t *block;
    Parts parts = {.n = 0};
    TRY(read_header_size(image, address, &head, &size));
    TRY(h5_read_block(image, address, head + size + 4, "OHDR", &block));
    Status status = read_messages(image, (H5Cursor){block + head, block + head + size, false}, o, &parts);
    free(block);
    for (int i = 0; i < parts.n && !status; i++) {
        TRY(h5_read_block(image, parts.address[i], parts.size[i], "OCHK", &block));
        status = read_messages(image, (H5Cursor){block + 4, block + parts.size[i] - 4, false}, o, &parts);
        free(block);
    }
    return status;
}

/* --- what an object must be ------------------------------------------------------------------------------ */

static Status check_dataset(H5Image *image, const Object *o)
{
    if (!o->has_extent || !o->has_type || !o->has_storage || !o->has_fill)
        return h5_damaged(image, "it is neither a group nor a whole dataset");
    uint64_t bytes;
    if (__builtin_mul_overflow(o->extent.count, o->type.size, &bytes) || bytes > image->size)
        return h5_damaged(image, "it declares more values than the file holds");
    if (bytes == 0) return STATUS_OK;
    if (o->address == H5_NOWHERE) return h5_foreign(image, "its values were never written");
    if (o->size != bytes) return h5_damaged(image, "its storage is not as long as its values");
    if (o->address > image->size || bytes > image->size - o->address)
        return h5_damaged(image, "its values lie beyond the end of the file");
    return STATUS_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const H5Attribute *)a)->name, ((const H5Attribute *)b)->name);
}

static const H5Attribute *find_attribute(const Object *o, const char *name)
{
    for (size_t i = 0; i < o->n_attributes; i++)
        if (strcmp(o->attribute[i].name, name) == 0) return &o->attribute[i];
    return NULL;
}

static Status add_record(H5Image *image, Object *o)
{
    H5Record record = {0};
    const bool is_root = o->level == 0;
    if (o->n_attributes) qsort(o->attribute, o->n_attributes, sizeof *o->attribute, by_name);
    h5_record_print(&record, "%s\n%s", o->path, o->is_group ? "group" : "dataset");
    if (!o->is_group) h5_record_print(&record, " %s", o->type.name);
    for (int i = 0; i < o->extent.rank; i++) h5_record_print(&record, " %llu", (unsigned long long)o->extent.dims[i]);
    h5_record_add(&record, "\n", 1);
    Status status = STATUS_OK;
    for (size_t i = 0; i < o->n_attributes; i++) {
        const H5Attribute *a = &o->attribute[i];
        if (i && strcmp(a->name, a[-1].name) == 0) status = h5_damaged(image, "an attribute is there twice");
        if (is_root && strcmp(a->name, H5_FILE_HASH) == 0) continue;
        h5_record_print(&record, "%s %s %llu\n", a->name, a->type.name, (unsigned long long)a->type.size);
        h5_record_add(&record, a->value, (size_t)a->type.size);
        h5_record_add(&record, "\n", 1);
    }
    h5_sum_add(&o->walk->form->sum, h5_record_sum(&record));
    return status;
}

/* What h5_form_check asks. */
static void note_seal(const Object *o)
{
    H5Form *form = o->walk->form;
    const H5Attribute *a;
    if (!o->is_group && !form->lacks_hash && !find_attribute(o, "xxh128")) {
        form->lacks_hash = true;
        snprintf(form->unhashed, sizeof form->unhashed, "%s", o->path);
    }
    if (o->level > 0) return;
    if ((a = find_attribute(o, H5_FILE_HASH)) && strcmp(a->type.name, "text") == 0)
        snprintf(form->stored, sizeof form->stored, "%.*s", (int)(a->type.size < 39 ? a->type.size : 39),
                 (char *)a->value);
    if ((a = find_attribute(o, "format_version")) && strcmp(a->type.name, "i64") == 0) {
        H5Cursor c = {a->value, a->value + 8, false};
        form->version = (int64_t)h5_take(&c, 8);
    }
}

static Status read_members(H5Image *image, uint64_t address, Object *o)
{
    TRY(read_header(image, address, o));
    if (o->is_group && (o->has_extent || o->has_type || o->has_storage || o->has_fill))
        return h5_damaged(image, "it is a group and a dataset at once");
    if (o->is_group && o->links != H5_NOWHERE) {
        o->last_hash = 0;
        TRY(h5_visit_heap(image, H5_LINKS, o->links, o->link_tree, add_link, o));
    }
    if (o->has_listing && o->attributes != H5_NOWHERE) {
        o->last_hash = 0;
        TRY(h5_visit_heap(image, H5_ATTRIBUTES, o->attributes, o->attribute_tree, add_listed_attribute, o));
    }
    if (!o->is_group) TRY(check_dataset(image, o));
    return STATUS_OK;
}

static Status read_object(H5Image *image, Walk *walk, const Pending *at)
{
    Object o = {.path = at->level ? at->path : "/", .level = at->level, .walk = walk};
    snprintf(image->place, sizeof image->place, "%s", o.path);
    memory_reserve((void **)&walk->met, &walk->met_capacity, walk->n_met + 1, sizeof *walk->met);
    walk->met[walk->n_met++] = at->address;
    Status status = read_members(image, at->address, &o);
    if (!status) status = add_record(image, &o);
    if (!status) note_seal(&o);
    for (size_t i = 0; i < o.n_attributes; i++) h5_free_attribute(&o.attribute[i]);
    free(o.attribute);
    return status;
}

static int by_address(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Two names of one object: HDF5 would show it under one of them only. */
static Status check_met(const H5Image *image, Walk *walk)
{
    qsort(walk->met, walk->n_met, sizeof *walk->met, by_address);
    for (size_t i = 1; i < walk->n_met; i++)
        if (walk->met[i] == walk->met[i - 1]) return h5_foreign(image, "an object has several names");
    return STATUS_OK;
}

static Status walk_objects(H5Image *image, uint64_t root, H5Form *form)
{
    Walk walk = {.form = form};
    memory_reserve((void **)&walk.pending, &walk.capacity, 1, sizeof *walk.pending);
    walk.pending[walk.n++] = (Pending){memory_copy_text(""), root, 0};
    Status status = STATUS_OK;
    while (walk.n && !status) {
        const Pending next = walk.pending[--walk.n];
        status = read_object(image, &walk, &next);
        free(next.path);
    }
    snprintf(image->place, sizeof image->place, "/");
    if (!status) status = check_met(image, &walk);
    for (size_t i = 0; i < walk.n; i++) free(walk.pending[i].path);
    free(walk.pending);
    free(walk.met);
    return status;
}

/* --- the file -------------------------------------------------------------------------------------------- */

static Status read_superblock(H5Image *image, uint64_t *root)
{
    enum { BYTES = 48 };
    uint8_t *block;
    snprintf(image->place, sizeof image->place, "its beginning");
    TRY(h5_read_block(image, 0, BYTES, "\x89HDF", &block));
    H5Cursor c = {block + 8, block + BYTES, false};
    const bool is_ours = h5_take(&c, 1) == 2 && h5_take(&c, 1) == 8 && h5_take(&c, 1) == 8 && h5_take(&c, 1) == 0;
    const bool is_plain = h5_take(&c, 8) == 0 && h5_take(&c, 8) == H5_NOWHERE;
    const uint64_t end = h5_take(&c, 8);
    *root = h5_take(&c, 8);
    free(block);
    if (!is_ours || !is_plain) return h5_foreign(image, "it is of another version of HDF5's format");
    CHECK(end <= image->size, STATUS_DATA, "%s: is truncated: %llu of %llu bytes are there; copy it again", image->path,
          (unsigned long long)image->size, (unsigned long long)end);
    image->size = end; /* bytes behind it are none of HDF5's */
    return STATUS_OK;
}

Status h5_form_read(const char *path, H5Form *form)
{
    *form = (H5Form){.version = 0};
    H5Image image = {.descriptor = open(path, O_RDONLY | O_CLOEXEC), .path = path};
    CHECK(image.descriptor >= 0, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    struct stat info;
    uint64_t root = 0;
    Status status = STATUS_OK;
    if (fstat(image.descriptor, &info) != 0)
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be read: %s", path, strerror(errno));
    image.size = (uint64_t)info.st_size;
    image.budget = 2 * image.size + 4096; /* the first bytes of each header are read twice */
    if (!status) status = read_superblock(&image, &root);
    if (!status) status = walk_objects(&image, root, form);
    close(image.descriptor);
    return status;
}

Status h5_form_check(const char *path, const H5Form *form)
{
    CHECK(!form->lacks_hash, STATUS_DATA, "%s: dataset %s has no hash: it was added or changed by another program",
          path, form->unhashed);
    if (!form->stored[0]) {
        CHECK(form->version <= 1, STATUS_DATA,
              "%s: has no %s: it was changed by another program, or never finished; use another copy", path,
              H5_FILE_HASH);
        return STATUS_OK;
    }
    char sum[33];
    h5_sum_text(form->sum, sum);
    CHECK(strcmp(sum, form->stored) == 0, STATUS_DATA,
          "%s: its attributes or its list of datasets do not match its %s: it was changed after it was written; use "
          "another copy",
          path, H5_FILE_HASH);
    return STATUS_OK;
}
