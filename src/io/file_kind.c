/* file_kind.c: first bytes and what they mean. */
#include "io/file_kind.h"

#include <string.h>

static const struct {
    const char *start;
    size_t length;
    const char *what;
} kinds[] = {
    {"version https://git-lfs", 23, "a Git LFS pointer and not the file itself; run 'git lfs pull' in its folder"},
    {"\x1f\x8b\x08", 3, "compressed with gzip; decompress it first (gunzip)"},
    {"BZh", 3, "compressed with bzip2; decompress it first"},
    {"\xfd\x37zXZ", 5, "compressed with xz; decompress it first"},
    {"\x28\xb5\x2f\xfd", 4, "compressed with zstd; decompress it first"},
    {"PK\x03\x04", 4, "a zip archive, such as torch.save writes; save the model with safetensors (save_pretrained)"},
    {"\x80\x02", 2, "a Python pickle, such as torch.save writes; save the model with safetensors (save_pretrained)"},
    {"\x80\x04\x95", 3,
     "a Python pickle, such as torch.save writes; save the model with safetensors (save_pretrained)"},
    {"GGUF", 4, "a GGUF file; save the model with safetensors (save_pretrained)"},
    {"\xff\xfe", 2, "UTF-16; convert it first: iconv -f UTF-16 -t UTF-8"},
    {"\xfe\xff", 2, "UTF-16; convert it first: iconv -f UTF-16 -t UTF-8"},
    {"\x89HDF\r\n", 6, "an HDF5 file; name the folder that transformers writes"},
    {"<!DOCTYPE", 9, "a web page; download the file itself"},
    {"<!doctype", 9, "a web page; download the file itself"},
    {"<html", 5, "a web page; download the file itself"},
};

const char *file_kind(const char *data, size_t length)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (length >= kinds[i].length && memcmp(data, kinds[i].start, kinds[i].length) == 0) return kinds[i].what;
    return NULL;
}
