/* align.c: longest common blocks by the lengths of the blocks that end at each place of b. */
#include "evaluate/align.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef struct {
    const int32_t *a, *b;
    int *row; /* [2, m + 1]: length of the block that ends at a place of a (before, at hand) and j of b, at j + 1 */
    int m, *match;
} Align;

typedef struct {
    int a, b, length;
} Block;

static Block longest_block(const Align *s, int a0, int a1, int b0, int b1)
{
    int *before = s->row, *here = s->row + s->m + 1;
    Block best = {a0, b0, 0};
    memset(s->row, 0, 2 * ((size_t)s->m + 1) * sizeof *s->row);
    for (int i = a0; i < a1; i++) {
        for (int j = b0; j < b1; j++) {
            here[j + 1] = s->a[i] == s->b[j] ? before[j] + 1 : 0;
            if (here[j + 1] > best.length) best = (Block){i + 1 - here[j + 1], j + 1 - here[j + 1], here[j + 1]};
        }
        int *swap = before;
        before = here, here = swap;
    }
    return best;
}

/* Depth: at most the shorter sequence. */
static int match_within(const Align *s, int a0, int a1, int b0, int b1)
{
    if (a0 >= a1 || b0 >= b1) return 0;
    const Block block = longest_block(s, a0, a1, b0, b1);
    if (block.length == 0) return 0;
    for (int k = 0; k < block.length; k++) s->match[block.a + k] = block.b + k;
    return block.length + match_within(s, a0, block.a, b0, block.b) +
           match_within(s, block.a + block.length, a1, block.b + block.length, b1);
}

int align_pieces(int n, const int32_t *a, int m, const int32_t *b, int *match)
{
    const Align s = {a, b, memory_alloc(2 * ((size_t)m + 1), sizeof(int)), m, match};
    for (int i = 0; i < n; i++) match[i] = -1;
    const int shared = match_within(&s, 0, n, 0, m);
    free(s.row);
    return shared;
}
