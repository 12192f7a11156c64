/* hash.h: content hashes. XXH3-128 guards tensors (fast enough to run on every checkpoint);
 * SHA-256 names a configuration, so that `sha256sum run.conf` gives the same digits. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>

#define HASH_TEXT_SIZE 65 /* longest hexadecimal form and its end */

void hash_xxh128(const void *data, size_t bytes, char text[HASH_TEXT_SIZE]);
void hash_sha256(const void *data, size_t bytes, char text[HASH_TEXT_SIZE]);

#endif
