/* hash.c: hexadecimal hashes by xxHash and libcrypto. */
#include "base/hash.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <xxhash.h>

static void to_hex(const unsigned char *digest, int n, char *text)
{
    for (int i = 0; i < n; i++) snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

void hash_xxh128(const void *data, size_t bytes, char text[HASH_TEXT_SIZE])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, bytes));
    to_hex(canonical.digest, (int)sizeof canonical.digest, text);
}

void hash_sha256(const void *data, size_t bytes, char text[HASH_TEXT_SIZE])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(data, bytes, digest);
    to_hex(digest, SHA256_DIGEST_LENGTH, text);
}
