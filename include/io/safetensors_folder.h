/* safetensors_folder.h: the weights of a Hugging Face folder. Local.
 *
 * model.safetensors, or else the files (shards) that model.safetensors.index.json names: an object weight_map of
 * tensor -> file. Every tensor must be in the file that the index says, and in no other. */
#ifndef IO_SAFETENSORS_FOLDER_H
#define IO_SAFETENSORS_FOLDER_H

#include "io/safetensors.h"

typedef struct {
    SafetensorsFile *file; /* owned [n] */
    int n;
} SafetensorsFolder;

Status safetensors_folder_open(const char *folder, SafetensorsFolder *weights);
void safetensors_folder_close(SafetensorsFolder *weights);

#endif
