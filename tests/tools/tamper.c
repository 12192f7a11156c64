/* tamper: change one part of a checkpoint and write the hash anew: what a resume that drops this part
 * would go on with. For the negative controls of tests/train/test_resume.sh.
 *
 *   tamper FILE.h5 DATASET VALUE [FIRST COUNT]  every number of DATASET, or COUNT from FIRST on in C order, becomes
 * VALUE (or +VALUE: is added to) tamper FILE.h5 OBJECT NAME VALUE             attribute NAME of OBJECT becomes VALUE,
 * of the type it has */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "io/h5.h"

static int set_attribute(const char *path, const char *object, const char *name, const char *value)
{
    H5File *file;
    int64_t integer;
    double real_value;
    if (h5_open_append(path, &file)) return 2;
    Status status = h5_get_i64(file, object, name, &integer) == STATUS_OK ? h5_put_i64(file, object, name, atoll(value))
                    : h5_get_f64(file, object, name, &real_value) == STATUS_OK
                        ? h5_put_f64(file, object, name, atof(value))
                        : h5_put_text(file, object, name, value);
    Status closed = h5_close(&file);
    return status || closed ? 2 : 0;
}

int main(int argc, char **argv)
{
    if (argc == 5) return set_attribute(argv[1], argv[2], argv[3], argv[4]);
    if (argc != 4 && argc != 6) return 2;
    H5File *file;
    H5Shape shape;
    if (h5_open_append(argv[1], &file) || h5_shape(file, argv[2], &shape)) {
        printf("%s\n", status_message());
        return 2;
    }
    const bool add = argv[3][0] == '+';
    const double value = atof(argv[3] + add);
    const size_t size = shape.kind == H5_F32 || shape.kind == H5_I32 ? 4 : 8;
    void *data = calloc((size_t)shape.count, size);
    if (h5_read(file, argv[2], shape.kind, shape.count, data)) return 2;
    const int64_t first = argc == 6 ? atoll(argv[4]) : 0, end = argc == 6 ? first + atoll(argv[5]) : shape.count;
    if (first < 0 || end > shape.count) return 2;
    for (int64_t i = first; i < end; i++) {
        if (shape.kind == H5_F32) ((float *)data)[i] = (float)(value + (add ? (double)((float *)data)[i] : 0));
        if (shape.kind == H5_F64) ((double *)data)[i] = value + (add ? ((double *)data)[i] : 0);
        if (shape.kind == H5_I32) ((int32_t *)data)[i] = (int32_t)value + (add ? ((int32_t *)data)[i] : 0);
        if (shape.kind == H5_I64) ((int64_t *)data)[i] = (int64_t)value + (add ? ((int64_t *)data)[i] : 0);
    }
    char hash[HASH_TEXT_SIZE];
    hash_xxh128(data, (size_t)shape.count * size, hash);
    if (h5_put_text(file, argv[2], "xxh128", hash)) return 2;
    h5_close(&file);
    const hid_t type[] = {H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE, H5T_NATIVE_INT32, H5T_NATIVE_INT64};
    hid_t f = H5Fopen(argv[1], H5F_ACC_RDWR, H5P_DEFAULT), d = H5Dopen2(f, argv[2], H5P_DEFAULT);
    const herr_t wrote = H5Dwrite(d, type[shape.kind], H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    H5Dclose(d);
    H5Fclose(f);
    free(data);
    return wrote < 0 ? 2 : 0;
}
