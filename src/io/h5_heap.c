/* h5_heap.c: the links of a group with more than eight members, and the attributes of an object with more
 * than eight: HDF5's fractal heap (doubling blocks that hold the items) and version 2 B-tree (their order).
 * Sizes must be those HDF5 chooses for every group and attribute: others are refused. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "h5_image.h"

/* What HDF5 chooses, by kind. */
typedef struct {
    int id_bytes, offset_bytes; /* of an item's name in the heap; of a place in the heap */
    uint64_t first_block;       /* bytes of the first two rows of blocks */
    int heap_bits;
    int record_bytes; /* of the tree */
} Sizes;

static Sizes sizes_of(H5Listed kind)
{
    return kind == H5_LINKS ? (Sizes){7, 4, 512, 32, 11} : (Sizes){8, 5, 1024, 40, 17};
}

enum {
    WIDTH = 4,          /* blocks in a row */
    LARGEST = 65536,    /* bytes of a block */
    LENGTH_BYTES = 2,   /* of an item's length */
    HUGE_RECORD = 24,   /* item kept outside the heap: address, length, number */
    NODE_BYTES = 512,   /* of a tree */
    MOST_LEVELS = 8,    /* of a tree; HDF5 reaches 5 with some 10^8 items */
    HEADER_BYTES = 146, /* of a heap */
    TREE_HEADER_BYTES = 38
};

typedef struct {
    uint64_t start, size; /* place in the heap */
    uint8_t *bytes;       /* owned */
} Block;

struct H5Heap {
    Sizes sizes;
    uint64_t address, huge_tree, table;
    uint64_t extent, allocated, items, huge_bytes, huge_items; /* as its header says */
    int rows;
    Block *block; /* owned, ascending */
    size_t n, capacity;
};

/* --- trees ----------------------------------------------------------------------------------------------- */

/* A tree's records, in order. */
typedef struct {
    int type, record_bytes;
    uint8_t *record; /* owned [n, record_bytes] */
    size_t n, capacity;
} Records;

static void add_record(Records *r, const uint8_t *from)
{
    memory_reserve((void **)&r->record, &r->capacity, r->n + 1, (size_t)r->record_bytes);
    memcpy(r->record + r->n++ * (size_t)r->record_bytes, from, (size_t)r->record_bytes);
}

/* Bytes HDF5 spends on a number up to most. */
static int bytes_for(uint64_t most)
{
    int bytes = 1;
    while (most >>= 8) bytes++;
    return bytes;
}

/* How a node of each level is laid out: it follows from its size. */
typedef struct {
    uint64_t most;       /* records of a node */
    uint64_t most_below; /* records of a node and all below it */
    int total_bytes;     /* of the count of all records below, in a pointer to such a node */
} Level;

static void lay_out_levels(int record_bytes, int depth, Level *level)
{
    level[0].most = level[0].most_below = (uint64_t)((NODE_BYTES - 10) / record_bytes);
    level[0].total_bytes = 0;
    const int count_bytes = bytes_for(level[0].most);
    for (int d = 1; d <= depth; d++) {
        const int pointer = 8 + count_bytes + level[d - 1].total_bytes;
        level[d].most = (uint64_t)((NODE_BYTES - 10 - pointer) / (record_bytes + pointer));
        level[d].most_below = (level[d].most + 1) * level[d - 1].most_below + level[d].most;
        level[d].total_bytes = bytes_for(level[d].most_below);
    }
}

/* Some nodes have room behind their checksum, so its place follows from the records. */
static Status read_node(H5Image *image, uint64_t address, bool is_leaf, uint64_t used, int type, uint8_t **node)
{
    TRY(h5_read_block(image, address, used + 10, is_leaf ? "BTLF" : "BTIN", node));
    if ((*node)[4] == 0 && (*node)[5] == type) return STATUS_OK;
    free(*node);
    return h5_damaged(image, "the tree of its members is of another kind");
}

static Status read_tree_node(H5Image *image, uint64_t address, int depth, uint64_t n, const Level *level, Records *r)
{
    if (n > level[depth].most) return h5_damaged(image, "a node of the tree of its members is too full");
    const int count_bytes = bytes_for(level[0].most);
    const int pointer = depth ? 8 + count_bytes + level[depth - 1].total_bytes : 0;
    const uint64_t used = n * (uint64_t)r->record_bytes + (depth ? (n + 1) * (uint64_t)pointer : 0);
    uint8_t *node;
    TRY(read_node(image, address, depth == 0, used, r->type, &node));
    Status status = STATUS_OK;
    H5Cursor below = {node + 6 + n * (uint64_t)r->record_bytes, node + 6 + used, false};
    for (uint64_t i = 0; i <= n && !status; i++) {
        if (depth) {
            const uint64_t child = h5_take(&below, 8), child_n = h5_take(&below, count_bytes);
            h5_take(&below, level[depth - 1].total_bytes);
            status = read_tree_node(image, child, depth - 1, child_n, level, r);
        }
        if (i < n && !status) add_record(r, node + 6 + i * (uint64_t)r->record_bytes);
    }
    free(node);
    return status;
}

static Status read_tree(H5Image *image, uint64_t address, Records *r)
{
    uint8_t *header;
    TRY(h5_read_block(image, address, TREE_HEADER_BYTES, "BTHD", &header));
    H5Cursor c = {header + 4, header + TREE_HEADER_BYTES - 4, false};
    const bool is_ours = h5_take(&c, 1) == 0 && h5_take(&c, 1) == (uint64_t)r->type && h5_take(&c, 4) == NODE_BYTES &&
                         h5_take(&c, 2) == (uint64_t)r->record_bytes;
    const int depth = (int)h5_take(&c, 2);
    const bool is_usual = h5_take(&c, 1) == 100 && h5_take(&c, 1) == 40;
    const uint64_t root = h5_take(&c, 8), n = h5_take(&c, 2), all = h5_take(&c, 8);
    free(header);
    if (!is_ours || !is_usual || depth > MOST_LEVELS)
        return h5_damaged(image, "the tree of its members is of another kind");
    Level level[MOST_LEVELS + 1];
    lay_out_levels(r->record_bytes, depth, level);
    if (all) TRY(read_tree_node(image, root, depth, n, level, r));
    return r->n == all ? STATUS_OK : h5_damaged(image, "the tree of its members has lost some of them");
}

/* --- heaps ----------------------------------------------------------------------------------------------- */

/* Blocks of row 0 and 1 have the first size, those of each further row twice that of the row before. */
static uint64_t row_block(const H5Heap *heap, int row)
{
    return row < 2 ? heap->sizes.first_block : heap->sizes.first_block << (row - 1);
}

static Status read_direct(H5Image *image, H5Heap *heap, uint64_t address, uint64_t start, uint64_t size)
{
    uint8_t *bytes;
    TRY(h5_read_raw(image, address, size, &bytes));
    const size_t at = 13 + (size_t)heap->sizes.offset_bytes; /* of the checksum, which was taken as if it were 0 */
    H5Cursor c = {bytes, bytes + size, false};
    const uint8_t *name = h5_take_bytes(&c, 4);
    bool fits = memcmp(name, "FHDB", 4) == 0 && h5_take(&c, 1) == 0 && h5_take(&c, 8) == heap->address &&
                h5_take(&c, heap->sizes.offset_bytes) == start;
    const uint32_t stored = (uint32_t)h5_take(&c, 4);
    memset(bytes + at, 0, 4);
    fits = fits && h5_checksum(bytes, size) == stored;
    memory_reserve((void **)&heap->block, &heap->capacity, heap->n + 1, sizeof *heap->block);
    heap->block[heap->n++] = (Block){start, size, bytes};
    return fits ? STATUS_OK : h5_damaged(image, "a block of its members does not match its checksum");
}

static int log2_of(uint64_t x)
{
    int bits = 0;
    while (x >>= 1) bits++;
    return bits;
}

/* A block that holds the addresses of others: rows of blocks, then rows of blocks like itself. */
static Status read_indirect(H5Image *image, H5Heap *heap, uint64_t address, uint64_t start, int rows)
{
    const int direct_rows = log2_of(LARGEST) - log2_of(heap->sizes.first_block) + 2;
    const int most = heap->sizes.heap_bits - log2_of(heap->sizes.first_block * WIDTH) + 1;
    if (rows > most) return h5_damaged(image, "the heap of its members is of another kind");
    const size_t head = 13 + (size_t)heap->sizes.offset_bytes, size = head + (size_t)rows * WIDTH * 8 + 4;
    uint8_t *bytes;
    TRY(h5_read_block(image, address, size, "FHIB", &bytes));
    H5Cursor c = {bytes + 4, bytes + size - 4, false};
    const bool fits =
        h5_take(&c, 1) == 0 && h5_take(&c, 8) == heap->address && h5_take(&c, heap->sizes.offset_bytes) == start;
    Status status = fits ? STATUS_OK : h5_damaged(image, "a block of its members is another's");
    for (int i = 0; i < rows * WIDTH && !status; i++) {
        const uint64_t child = h5_take(&c, 8), block = row_block(heap, i / WIDTH);
        if (child != H5_NOWHERE) {
            if (i / WIDTH < direct_rows) status = read_direct(image, heap, child, start, block);
            else {
                const int child_rows = log2_of(block) - log2_of(heap->sizes.first_block * WIDTH) + 1;
                status = read_indirect(image, heap, child, start, child_rows);
            }
        }
        start += block;
    }
    free(bytes);
    return status;
}

static Status read_heap_header(H5Image *image, H5Heap *heap)
{
    uint8_t *header;
    TRY(h5_read_block(image, heap->address, HEADER_BYTES, "FRHP", &header));
    H5Cursor c = {header + 4, header + HEADER_BYTES - 4, false};
    bool fits = h5_take(&c, 1) == 0 && h5_take(&c, 2) == (uint64_t)heap->sizes.id_bytes && h5_take(&c, 2) == 0;
    fits = (h5_take(&c, 1) & ~1u) == 2 && h5_take(&c, 4) == 4096 && fits; /* blocks have checksums */
    h5_take(&c, 8);
    heap->huge_tree = h5_take(&c, 8);
    h5_take_bytes(&c, 8 + 8); /* free space: only a writer asks */
    heap->extent = h5_take(&c, 8);
    heap->allocated = h5_take(&c, 8);
    fits = h5_take(&c, 8) <= heap->extent && fits; /* where the next block will be made */
    heap->items = h5_take(&c, 8);
    heap->huge_bytes = h5_take(&c, 8);
    heap->huge_items = h5_take(&c, 8);
    fits = h5_take(&c, 8) == 0 && h5_take(&c, 8) == 0 && fits; /* items that stand in the tree itself */
    fits = h5_take(&c, 2) == WIDTH && h5_take(&c, 8) == heap->sizes.first_block && h5_take(&c, 8) == LARGEST && fits;
    fits = h5_take(&c, 2) == (uint64_t)heap->sizes.heap_bits && h5_take(&c, 2) == 1 && fits;
    heap->table = h5_take(&c, 8);
    heap->rows = (int)h5_take(&c, 2);
    free(header);
    return fits && !c.is_short ? STATUS_OK : h5_damaged(image, "the heap of its members is of another kind");
}

static Status read_blocks(H5Image *image, H5Heap *heap)
{
    if (heap->table == H5_NOWHERE) return STATUS_OK;
    if (heap->rows == 0) return read_direct(image, heap, heap->table, 0, heap->sizes.first_block);
    return read_indirect(image, heap, heap->table, 0, heap->rows);
}

/* HDF5 believes its counts, so they must be right. */
static Status read_heap(H5Image *image, H5Heap *heap)
{
    TRY(read_heap_header(image, heap));
    TRY(read_blocks(image, heap));
    uint64_t extent = heap->table == H5_NOWHERE ? 0 : heap->rows == 0 ? heap->sizes.first_block : 0, allocated = 0;
    for (int row = 0; row < heap->rows; row++) extent += WIDTH * row_block(heap, row);
    for (size_t i = 0; i < heap->n; i++) allocated += heap->block[i].size;
    if (extent != heap->extent || allocated != heap->allocated)
        return h5_damaged(image, "the heap of its members is not as large as it says");
    return STATUS_OK;
}

static void free_heap(H5Heap *heap)
{
    for (size_t i = 0; i < heap->n; i++) free(heap->block[i].bytes);
    free(heap->block);
}

/* The bytes of an item that lies in the heap. */
static bool find_item(const H5Heap *heap, uint64_t start, uint64_t length, H5Cursor *item)
{
    const size_t head = 17 + (size_t)heap->sizes.offset_bytes;
    size_t low = 0, high = heap->n;
    while (high - low > 1) { /* the last block that begins at or before start */
        const size_t middle = (low + high) / 2;
        if (heap->block[middle].start <= start) low = middle;
        else high = middle;
    }
    if (heap->n == 0) return false;
    const Block *b = &heap->block[low];
    if (start < b->start + head || start - b->start > b->size || length > b->size - (start - b->start)) return false;
    item->at = b->bytes + (start - b->start);
    item->end = item->at + length;
    return true;
}

/* --- both ------------------------------------------------------------------------------------------------ */

typedef struct {
    H5Image *image;
    H5Heap *heap;
    Records *huge;
    H5Item visit;
    void *context;
} Visitor;

/* An item of more than 4096 bytes lies outside the heap. */
static Status visit_huge(const Visitor *v, uint64_t number, uint32_t hash)
{
    for (size_t i = 0; i < v->huge->n; i++) {
        H5Cursor c = {v->huge->record + i * HUGE_RECORD, v->huge->record + (i + 1) * HUGE_RECORD, false};
        const uint64_t address = h5_take(&c, 8), length = h5_take(&c, 8);
        if (h5_take(&c, 8) != number) continue;
        uint8_t *bytes;
        TRY(h5_read_raw(v->image, address, length, &bytes));
        Status status = v->visit(v->image, (H5Cursor){bytes, bytes + length, false}, hash, v->context);
        free(bytes);
        return status;
    }
    return h5_damaged(v->image, "a member of it is missing");
}

static Status visit_item(const Visitor *v, const uint8_t *id, uint32_t hash)
{
    H5Cursor c = {id, id + v->heap->sizes.id_bytes, false}, item = {0};
    const uint64_t kind = h5_take(&c, 1);
    if (kind == 0x10) return visit_huge(v, h5_take(&c, v->heap->sizes.id_bytes - 1), hash);
    const uint64_t start = h5_take(&c, v->heap->sizes.offset_bytes), length = h5_take(&c, LENGTH_BYTES);
    if (kind != 0 || !find_item(v->heap, start, length, &item))
        return h5_damaged(v->image, "a member of it is missing");
    return v->visit(v->image, item, hash, v->context);
}

static Status check_counts(const H5Image *image, const H5Heap *heap, const Records *listed, const Records *huge)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < huge->n; i++) {
        H5Cursor c = {huge->record + i * HUGE_RECORD + 8, huge->record + (i + 1) * HUGE_RECORD, false};
        bytes += h5_take(&c, 8);
    }
    if (heap->huge_items != huge->n || heap->huge_bytes != bytes || heap->items + huge->n != listed->n)
        return h5_damaged(image, "the heap of its members does not hold as many as it says");
    return STATUS_OK;
}

Status h5_visit_heap(H5Image *image, H5Listed kind, uint64_t heap_address, uint64_t tree_address, H5Item visit,
                     void *context)
{
    H5Heap heap = {.sizes = sizes_of(kind), .address = heap_address};
    Records listed = {.type = (int)kind, .record_bytes = heap.sizes.record_bytes};
    Records huge = {.type = 1, .record_bytes = HUGE_RECORD};
    const Visitor v = {image, &heap, &huge, visit, context};
    Status status = read_heap(image, &heap);
    if (!status) status = read_tree(image, tree_address, &listed);
    if (!status && heap.huge_tree != H5_NOWHERE) status = read_tree(image, heap.huge_tree, &huge);
    if (!status) status = check_counts(image, &heap, &listed, &huge);
    for (size_t i = 0; i < listed.n && !status; i++) {
        const uint8_t *record = listed.record + i * (size_t)listed.record_bytes;
        H5Cursor c = {record, record + listed.record_bytes, false};
        const uint8_t *id = record;
        uint32_t hash;
        if (kind == H5_LINKS) { /* hash, then the item's name in the heap */
            hash = (uint32_t)h5_take(&c, 4);
            id = record + 4;
        } else { /* name, flags, order of creation, hash */
            h5_take_bytes(&c, (size_t)heap.sizes.id_bytes);
            if (h5_take(&c, 1) & 2) status = h5_foreign(image, "an attribute is shared with other objects");
            h5_take(&c, 4);
            hash = (uint32_t)h5_take(&c, 4);
        }
        if (!status) status = visit_item(&v, id, hash);
    }
    free(listed.record);
    free(huge.record);
    free_heap(&heap);
    return status;
}
