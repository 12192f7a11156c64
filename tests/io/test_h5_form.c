/* test_h5_form.c: files of HDF5's that are not ours, and ours with changed bytes. Oracle: the intact file. What
 * HDF5 can say and this project never writes (made here by HDF5 itself) must be refused by its name before anything
 * is read; a changed byte must be refused or change nothing. Every byte of the small files of tests/golden/version-1
 * and of one written now: one in FAULTS (default 53; FAULTS=1 takes all of them). */
#include <hdf5.h>
#include <unistd.h>

#include "../harness.h"
#include "base/hash.h"
#include "io/file.h"
#include "io/h5.h"

#include "../../src/io/h5_form.h" /* the sum over everything but the data */

static char path[4096], other[4200];

/* --- a file with everything ours can have: lists in and beside the header, long attributes, empty arrays --- */

static Status write_everything(H5File *f)
{
    const int64_t three = 3, matrix[] = {2, 3}, none = 0;
    const float x[] = {1, 2, 3, 4, 5, 6};
    const int32_t ids[] = {7, 8, 9};
    const char *const words[] = {"he", "she", "caf\u00e9"};
    char *longest = malloc(9001), name[40];
    memset(longest, 'x', 9000), longest[9000] = '\0';
    Status status = h5_write_header(f, "collapse-scores", "test", "");
    for (int i = 0; i < 60 && !status; i++) {
        snprintf(name, sizeof name, "/metric/with.a.longer.name.%d", i);
        const double value = i;
        status = h5_write(f, name, H5_F64, 0, NULL, "", &value);
        snprintf(name, sizeof name, "attribute.%d", i);
        if (!status && i < 12) status = h5_put_i64(f, "/", name, i);
    }
    if (!status) status = h5_put_text(f, "/", "long", longest);
    if (!status) status = h5_write(f, "/item/x", H5_F32, 2, matrix, "a, b", x);
    if (!status) status = h5_write(f, "/item/ids", H5_I32, 1, &three, "a", ids);
    if (!status) status = h5_write(f, "/item/none", H5_I64, 1, &none, "a", ids);
    if (!status) status = h5_write_texts(f, "/item/words", words, 3, "a");
    free(longest);
    return status;
}

static Status write_file(void)
{
    H5File *f;
    TRY(h5_create(path, &f));
    Status status = write_everything(f), closed = h5_close(&f);
    return status ? status : closed;
}

static Status open_and_verify(void)
{
    return h5_verify_file(path);
}

/* --- what is not ours -------------------------------------------------------------------------------------- */

static hid_t open_raw_as(H5F_libver_t version)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, version, version);
    hid_t f = H5Fopen(path, H5F_ACC_RDWR, access);
    H5Pclose(access);
    return f;
}

static hid_t open_raw(void)
{
    return open_raw_as(H5F_LIBVER_V18);
}

static void hash_it(hid_t dataset, const void *data, size_t n)
{
    char hash[HASH_TEXT_SIZE];
    hash_xxh128(data, n, hash);
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, 32);
    hid_t a = H5Acreate2(dataset, "xxh128", type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(a, type, hash);
    H5Aclose(a), H5Sclose(space), H5Tclose(type);
}

/* A dataset of two f32, made with what the list and the type say; written if data is given. */
static void add_dataset(hid_t f, const char *name, hid_t type, hid_t create, bool write, bool hashes)
{
    const hsize_t two = 2;
    char data[256] = {0};
    hid_t space = H5Screate_simple(1, &two, NULL),
          d = H5Dcreate2(f, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    if (write) H5Dwrite(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    if (hashes) hash_it(d, data, 2 * H5Tget_size(type));
    H5Dclose(d), H5Sclose(space);
}

static void refused(const char *says)
{
    const Status status = open_and_verify();
    check(status == STATUS_DATA && strstr(status_message(), says) && strstr(status_message(), path), "%d: %s", status,
          status_message());
}

static void foreign_type(hid_t type, const char *says)
{
    write_file();
    hid_t f = open_raw();
    add_dataset(f, "added", type, H5P_DEFAULT, false, false);
    H5Fclose(f);
    refused(says);
}

static void foreign_types(void)
{
    foreign_type(H5T_STD_REF_OBJ, "references");
    hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "a", 0, H5T_NATIVE_INT);
    foreign_type(type, "compound");
    H5Tclose(type);
    type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    foreign_type(type, "variable length");
    H5Tclose(type);
    const signed char member = 1;
    type = H5Tenum_create(H5T_NATIVE_INT8);
    H5Tenum_insert(type, "one", &member);
    foreign_type(type, "enumerations");
    H5Tclose(type);
    const hsize_t four = 4;
    type = H5Tarray_create2(H5T_NATIVE_INT, 1, &four);
    foreign_type(type, "arrays");
    H5Tclose(type);
    type = H5Tcreate(H5T_OPAQUE, 16);
    foreign_type(type, "opaque");
    H5Tclose(type);
    foreign_type(H5T_IEEE_F32BE, "another floating-point type");
    foreign_type(H5T_STD_I64BE, "another integer type");
    foreign_type(H5T_STD_U32LE, "another integer type");
}

static void foreign_storage(void)
{
    const hsize_t two = 2;
    const float fill = 7;
    snprintf(other, sizeof other, "%s.bytes", path);
    for (int i = 0; i < 6; i++) {
        static const char *const says[] = {"stored in another file", "in chunks",  "compressed or filtered",
                                           "within its header",      "fill value", "never written"};
        write_file();
        hid_t f = open_raw(), create = H5Pcreate(H5P_DATASET_CREATE);
        if (i == 0) H5Pset_external(create, other, 0, 8);
        if (i == 1 || i == 2) H5Pset_chunk(create, 1, &two);
        if (i == 2) H5Pset_shuffle(create);
        if (i == 3) H5Pset_layout(create, H5D_COMPACT);
        if (i == 4) H5Pset_fill_value(create, H5T_NATIVE_FLOAT, &fill);
        add_dataset(f, "added", H5T_IEEE_F32LE, create, i < 4, true);
        H5Pclose(create), H5Fclose(f);
        refused(says[i]);
    }
    unlink(other);
    write_file();
    hid_t f = open_raw_as(H5F_LIBVER_LATEST), create = H5Pcreate(H5P_DATASET_CREATE),
          space = H5Screate_simple(1, &two, NULL);
    H5Pset_virtual(create, space, other, "/x", space);
    add_dataset(f, "added", H5T_IEEE_F32LE, create, false, true);
    H5Sclose(space), H5Pclose(create), H5Fclose(f);
    refused("a virtual dataset");
}

static hid_t no_traverse(const char *name, hid_t group, const void *data, size_t n, hid_t access, hid_t transfer)
{
    (void)name, (void)group, (void)data, (void)n, (void)access, (void)transfer;
    return -1;
}

static void foreign_links(void)
{
    static const H5L_class_t own = {.version = H5L_LINK_CLASS_T_VERS, .id = 99, .trav_func = no_traverse};
    static const char *const says[] = {"a soft link", "a link into another file", "a link of a user's own kind",
                                       "several names", "several names"};
    for (int i = 0; i < 5; i++) {
        write_file();
        hid_t f = open_raw();
        if (i < 4) H5Ldelete(f, "/item/x", H5P_DEFAULT);
        if (i == 0) H5Lcreate_soft("/item/ids", f, "/item/x", H5P_DEFAULT, H5P_DEFAULT);
        if (i == 1) H5Lcreate_external("elsewhere.h5", "/item/x", f, "/item/x", H5P_DEFAULT, H5P_DEFAULT);
        if (i == 2) H5Lregister(&own), H5Lcreate_ud(f, "/item/x", 99, "", 0, H5P_DEFAULT, H5P_DEFAULT);
        if (i == 3) H5Lcreate_hard(f, "/item/ids", f, "/item/x", H5P_DEFAULT, H5P_DEFAULT);
        if (i == 4) H5Lcreate_hard(f, "/item", f, "/item/loop", H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(f);
        refused(says[i]);
    }
}

/* A change that leaves every structure whole and every dataset with its hash. */
static void changed_file(void)
{
    enum { ADDED, RENAMED, REMOVED, GROUP, ATTRIBUTE, NO_HASH, NO_FILE_HASH, OLDER, COMMENT, N };
    static const char *const says[] = {
        "do not match its file_xxh128", "do not match",       "do not match", "do not match", "do not match",
        "/item/x has no hash",          "has no file_xxh128", "do not match", "a comment"};
    for (int i = 0; i < N; i++) {
        write_file();
        hid_t f = open_raw();
        const int64_t one = 1;
        if (i == ADDED) add_dataset(f, "/item/added", H5T_IEEE_F32LE, H5P_DEFAULT, true, true);
        if (i == RENAMED) H5Lmove(f, "/item/x", f, "/item/y", H5P_DEFAULT, H5P_DEFAULT);
        if (i == REMOVED) H5Ldelete(f, "/item/x", H5P_DEFAULT);
        if (i == GROUP) H5Gclose(H5Gcreate2(f, "/added", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        if (i == ATTRIBUTE || i == OLDER) {
            hid_t a = H5Aopen(f, i == OLDER ? "format_version" : "attribute.5", H5P_DEFAULT);
            H5Awrite(a, H5T_NATIVE_INT64, &one);
            H5Aclose(a);
        }
        if (i == NO_HASH) H5Adelete_by_name(f, "/item/x", "xxh128", H5P_DEFAULT);
        if (i == NO_FILE_HASH) H5Adelete(f, "file_xxh128");
        if (i == COMMENT) H5Oset_comment_by_name(f, "/item/x", "mine", H5P_DEFAULT);
        H5Fclose(f);
        refused(says[i]);
        H5File *opened = NULL;
        bool matches = true;
        if (i == COMMENT) continue;
        check(!h5_open_to_compare(path, &opened, &matches) && !matches,
              "it can be compared, and is known not to match");
        h5_close(&opened);
    }
}

/* An attribute of version 1 with another value: readable, but the file says that nothing guards it. */
static void older_version(void)
{
    char *bytes;
    size_t n;
    H5File *f = NULL;
    if (file_read("tests/golden/version-1/model.h5", &bytes, &n)) return;
    FILE *copy = fopen(path, "wb");
    fwrite(bytes, 1, n, copy), fclose(copy), free(bytes);
    hid_t raw = open_raw(), a = H5Aopen_by_name(raw, "/model", "num_attention_heads", H5P_DEFAULT, H5P_DEFAULT);
    const int64_t one = 1;
    H5Awrite(a, H5T_NATIVE_INT64, &one);
    H5Aclose(a), H5Fclose(raw);
    check(!h5_open(path, &f) && !h5_is_sealed(f), "version 1 is read, and known to be without %s", "file_xxh128");
    h5_close(&f);
    write_file();
    check(!h5_open(path, &f) && h5_is_sealed(f), "version 2 has it");
    h5_close(&f);
}

/* --- growing files ----------------------------------------------------------------------------------------- */

static void grown_file(void)
{
    bool good = write_file() == STATUS_OK;
    for (int i = 0; i < 40 && good; i++) {
        char name[40];
        H5File *f;
        const int64_t two = 2, data[] = {i, -i};
        good = h5_open_append(path, &f) == STATUS_OK;
        if (!good) break;
        snprintf(name, sizeof name, "/step_%d/deep/x", i);
        good = !h5_write(f, name, H5_I64, 1, &two, "a", data) && !h5_put_f64(f, "/", "attribute.3", i) &&
               !h5_put_text(f, name, "axes", "b") && !h5_put_text(f, "/item", "note", i % 2 ? "odd" : "even");
        good = !h5_close(&f) && good;
        if (i % 7 == 0) good = good && !open_and_verify();
    }
    check(good && !open_and_verify(), "a file that grows keeps its hash: %s", good ? "40 times" : status_message());
    H5File *f;
    h5_open_append(path, &f);
    h5_put_i64(f, "/", "attribute.3", 5);
    h5_close(&f);
    FILE *stream = fopen(path, "r+b"); /* changed by another before it is continued */
    fseek(stream, 70, SEEK_SET), fputc('!', stream), fclose(stream);
    check(h5_open_append(path, &f) == STATUS_DATA, "a file that was changed is not continued: %s", status_message());
}

/* --- changed bytes ----------------------------------------------------------------------------------------- */

static int faults(void)
{
    const char *text = getenv("FAULTS");
    return text && atoi(text) > 0 ? atoi(text) : 53;
}

static void write_bytes(const char *bytes, size_t n)
{
    FILE *stream = fopen(path, "wb");
    fwrite(bytes, 1, n, stream);
    fclose(stream);
}

static H5Sum sum_of_file(void)
{
    H5Form form;
    return h5_form_read(path, &form) ? (H5Sum){0} : form.sum;
}

/* Each of the bytes in turn. A file that is read must be what it was: its data by their hashes, all else by the sum,
 * which files of version 1 do not hold themselves. */
static void damaged_bytes(const char *name)
{
    char *bytes;
    size_t n;
    int refusals = 0, unharmed = 0, wrong = 0, changed = 0;
    if (file_read(name, &bytes, &n)) return;
    write_bytes(bytes, n);
    const H5Sum whole = sum_of_file();
    const unsigned char change[] = {0x01, 0x80, 0xff, 0x40};
    for (size_t at = 0; at < n; at += (size_t)faults()) {
        const char kept = bytes[at];
        bytes[at] = (char)(kept ^ change[at / (size_t)faults() % 4]);
        write_bytes(bytes, n);
        bytes[at] = kept;
        const Status status = open_and_verify();
        refusals += status == STATUS_DATA;
        unharmed += status == STATUS_OK;
        const H5Sum now = status ? whole : sum_of_file();
        changed += now.low != whole.low || now.high != whole.high;
        wrong += status != STATUS_DATA && status != STATUS_OK;
    }
    free(bytes);
    check(wrong == 0 && changed == 0 && refusals > 3 * unharmed,
          "%s: one byte changed: %d refused, %d without meaning, %d read as something else, %d otherwise", name,
          refusals, unharmed, changed, wrong);
}

static void damaged_files(void)
{
    static const char *const name[] = {"step-00000002.h5", "model.h5",  "geometry.h5",
                                       "trace.h5",         "encode.h5", "corpus.h5"};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        char full[200];
        snprintf(full, sizeof full, "tests/golden/version-1/%s", name[i]);
        check(file_exists(full), "%s is there", full);
        damaged_bytes(full);
    }
    snprintf(other, sizeof other, "%s.whole", path);
    write_file();
    rename(path, other);
    damaged_bytes(other);
    unlink(other);
}

int main(void)
{
    snprintf(path, sizeof path, "%s/test_h5_form.h5", getenv("TMP") ? getenv("TMP") : "/tmp");
    check(!write_file() && !open_and_verify(), "a file with everything ours can have: %s", status_message());
    foreign_types();
    foreign_storage();
    foreign_links();
    changed_file();
    older_version();
    grown_file();
    damaged_files();
    unlink(path);
    return harness_done();
}
