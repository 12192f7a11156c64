/* odd_lines: the lines and the vocabulary of tests/data/odd_lines.h, for oracles in other languages.
 *
 *   odd_lines vocab [PAD UNK CLS SEP MASK]
 *   odd_lines SEED COUNT [TEXT...] */
#include "../data/odd_lines.h"

int main(int argc, char **argv)
{
    static const char *const bert[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    if (argc >= 2 && strcmp(argv[1], "vocab") == 0)
        odd_vocabulary(stdout, argc == 7 ? (const char *const *)argv + 2 : bert);
    else if (argc >= 3)
        odd_lines(stdout, (uint64_t)atoll(argv[1]), atoi(argv[2]), (const char *const *)argv + 3, argc - 3);
    else return 2;
    return 0;
}
