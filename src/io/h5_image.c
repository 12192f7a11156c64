/* h5_image.c: bounded reads, and the checksum. */
#include "h5_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

uint64_t h5_take(H5Cursor *c, int bytes)
{
    const uint8_t *from = h5_take_bytes(c, (size_t)bytes);
    uint64_t value = 0;
    for (int i = 0; from && i < bytes; i++) value |= (uint64_t)from[i] << (8 * i);
    return value;
}

const uint8_t *h5_take_bytes(H5Cursor *c, size_t n)
{
    if (c->is_short || h5_left(c) < n) {
        c->is_short = true;
        return NULL;
    }
    c->at += n;
    return c->at - n;
}

size_t h5_left(const H5Cursor *c)
{
    return (size_t)(c->end - c->at);
}

Status h5_damaged(const H5Image *image, const char *what)
{
    FAIL(STATUS_DATA, "%s: %s: %s; the file is damaged, use another copy", image->path, image->place, what);
}

Status h5_foreign(const H5Image *image, const char *what)
{
    FAIL(STATUS_DATA, "%s: %s: %s, which collapse never writes; use the file as it was written", image->path,
         image->place, what);
}

Status h5_read_raw(H5Image *image, uint64_t address, uint64_t size, uint8_t **block)
{
    if (address > image->size || size > image->size - address) return h5_damaged(image, "a part lies beyond its end");
    if (size > image->budget) return h5_damaged(image, "its parts lead back to themselves");
    image->budget -= size;
    uint8_t *bytes = memory_alloc(size ? size : 1, 1);
    for (uint64_t done = 0; done < size;) {
        const ssize_t got = pread(image->descriptor, bytes + done, size - done, (off_t)(address + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            const int reason = errno;
            free(bytes);
            CHECK(got == 0, STATUS_IO, "%s: cannot be read: %s", image->path, strerror(reason));
            return h5_damaged(image, "it became shorter while it was read");
        }
        done += (uint64_t)got;
    }
    *block = bytes;
    return STATUS_OK;
}

Status h5_read_block(H5Image *image, uint64_t address, uint64_t size, const char *name, uint8_t **block)
{
    if (size < 8) return h5_damaged(image, "a part of it is too short");
    TRY(h5_read_raw(image, address, size, block));
    H5Cursor stored = {*block + size - 4, *block + size, false};
    const bool is_named = memcmp(*block, name, 4) == 0;
    if (is_named && h5_checksum(*block, size - 4) == (uint32_t)h5_take(&stored, 4)) return STATUS_OK;
    free(*block);
    *block = NULL;
    return h5_damaged(image, is_named ? "a part does not match its checksum" : "a part is not where it should be");
}

#define ROTATE(x, k) ((x) << (k) | (x) >> (32 - (k)))

uint32_t h5_checksum(const uint8_t *key, size_t length)
{
    uint32_t a = 0xdeadbeef + (uint32_t)length, b = a, c = a;
    for (; length > 12; length -= 12, key += 12) {
        a += key[0] | (uint32_t)key[1] << 8 | (uint32_t)key[2] << 16 | (uint32_t)key[3] << 24;
        b += key[4] | (uint32_t)key[5] << 8 | (uint32_t)key[6] << 16 | (uint32_t)key[7] << 24;
        c += key[8] | (uint32_t)key[9] << 8 | (uint32_t)key[10] << 16 | (uint32_t)key[11] << 24;
        a -= c, a ^= ROTATE(c, 4), c += b;
        b -= a, b ^= ROTATE(a, 6), a += c;
        c -= b, c ^= ROTATE(b, 8), b += a;
        a -= c, a ^= ROTATE(c, 16), c += b;
        b -= a, b ^= ROTATE(a, 19), a += c;
        c -= b, c ^= ROTATE(b, 4), b += a;
    }
    if (length == 0) return c;
    uint8_t last[12] = {0};
    memcpy(last, key, length);
    a += last[0] | (uint32_t)last[1] << 8 | (uint32_t)last[2] << 16 | (uint32_t)last[3] << 24;
    b += last[4] | (uint32_t)last[5] << 8 | (uint32_t)last[6] << 16 | (uint32_t)last[7] << 24;
    c += last[8] | (uint32_t)last[9] << 8 | (uint32_t)last[10] << 16 | (uint32_t)last[11] << 24;
    c ^= b, c -= ROTATE(b, 14);
    a ^= c, a -= ROTATE(c, 11);
    b ^= a, b -= ROTATE(a, 25);
    c ^= b, c -= ROTATE(b, 16);
    a ^= c, a -= ROTATE(c, 4);
    b ^= a, b -= ROTATE(a, 14);
    c ^= b, c -= ROTATE(b, 24);
    return c;
}
