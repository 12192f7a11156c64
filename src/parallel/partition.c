/* partition.c: even contiguous parts; the first n mod n_ranks parts are one item longer. */
#include "parallel/partition.h"

Part partition_even(int n, int rank, int n_ranks)
{
    int each = n / n_ranks, longer = n % n_ranks;
    Part part = {rank * each + (rank < longer ? rank : longer), each + (rank < longer)};
    return part;
}
