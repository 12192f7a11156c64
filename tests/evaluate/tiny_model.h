/* tiny_model.h: folder/model.h5, a model of 2 layers over eight words, trained for two steps by all ranks. */
#ifndef TESTS_EVALUATE_TINY_MODEL_H
#define TESTS_EVALUATE_TINY_MODEL_H

#include <sys/stat.h>

#include "../harness.h"
#include "base/memory.h"
#include "train/runtime.h"
#include "train/trainer.h"

/* The file's text, one line a word of the vocabulary or a sentence. */
__attribute__((unused)) static void tiny_write(const char *folder, const char *name, const char *text)
{
    char *path = memory_print("%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f)) check(false, "%s is written", path);
    free(path);
}

/* Returns the model's path, owned by the caller. Collective. */
__attribute__((unused)) static char *tiny_model(const Comm *comm, const char *folder)
{
    int n;
    Settings settings;
    RunSettings run;
    if (comm->rank == 0) {
        mkdir(folder, 0777);
        tiny_write(folder, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\ne\nf\ng\nh\n");
        tiny_write(folder, "text.txt", "a b c\nb c d e\nf g\nh a b c d\n");
    }
    comm_barrier(comm);
    const Setting *table = run_settings_table(&n);
    settings_init(&settings, table, n);
    char *text =
        memory_print("init = random\nlayers = 2\nhidden = 16\nheads = 2\nintermediate = 24\npositions = 40\n"
                     "initializer-range = 0.3\nvocab = %s/vocab.txt\ntrain-data = %s/text.txt\noutput = %s\nbatch = 4\n"
                     "max-length = 16\nsteps = 2\nlearning-rate = 1e-3\nthreads = 1\noverwrite = yes\n",
                     folder, folder, folder);
    Status status = settings_read_text(&settings, "tiny", text);
    if (!status) status = run_settings_resolve(&settings, &run);
    if (!status) status = trainer_run(comm, &run, text, "test");
    check(status == STATUS_OK, "a tiny model%s%s", status ? ": " : "", status ? status_message() : "");
    free(text);
    settings_free(&settings);
    return memory_print("%s/model.h5", folder);
}

#endif
