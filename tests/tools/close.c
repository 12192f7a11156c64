/* close: is a dataset of one file close to that of another?
 *
 *   close A.h5 PATH B.h5 PATH TOLERANCE [STRIDE]
 *
 * STRIDE s: B holds only the columns 0, s, 2s, ... of A. Prints the largest difference; exit 1 above
 * the tolerance. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/h5.h"

static Status load(const char *path, const char *dataset, H5Shape *shape, double **out)
{
    H5File *file;
    TRY(h5_open(path, &file));
    TRY(h5_shape(file, dataset, shape));
    *out = calloc((size_t)shape->count + 1, sizeof **out);
    float *narrow = calloc((size_t)shape->count + 1, sizeof *narrow);
    Status status = shape->kind == H5_F64 ? h5_read(file, dataset, H5_F64, shape->count, *out)
                                          : h5_read(file, dataset, H5_F32, shape->count, narrow);
    for (int64_t i = 0; i < shape->count && shape->kind != H5_F64; i++) (*out)[i] = (double)narrow[i];
    free(narrow);
    h5_close(&file);
    return status;
}

int main(int argc, char **argv)
{
    H5Shape a, b;
    double *x, *y, worst = 0;
    if (argc < 6) return 2;
    if (load(argv[1], argv[2], &a, &x) || load(argv[3], argv[4], &b, &y)) {
        printf("%s\n", status_message());
        return 2;
    }
    const int64_t stride = argc > 6 ? atoi(argv[6]) : 1, columns = a.rank > 1 ? a.dims[1] : 1,
                  kept = (columns + stride - 1) / stride;
    if (a.dims[0] * kept != b.count) {
        printf("shapes do not fit: %lld x %lld, %lld numbers\n", (long long)a.dims[0], (long long)kept,
               (long long)b.count);
        return 2;
    }
    for (int64_t i = 0; i < b.count; i++) {
        const double difference = fabs(x[i / kept * columns + i % kept * stride] - y[i]);
        if (!(difference <= worst)) worst = difference;
    }
    printf("%.1e\n", worst);
    return !(worst <= atof(argv[5]));
}
