/* gemm.h: every matrix product of the program, in row-major order, by BLIS or, where it was there at build, by oneDNN.
 *
 * BLIS is the default and the reference. In precision bf16 operands are rounded to bfloat16 and products summed in
 * fp32 with the processor's instructions for it; nothing emulates them: by kernels of this program
 * (kernels/bf16_product) or, with AMX or where GEMM_ONEDNN was chosen, by oneDNN. gemm_f64 is BLIS's whatever was
 * chosen. BLIS 0.9 mis-detects processors newer than itself (an AMD Zen 5 falls to its generic kernels, five times
 * slower; an Emerald Rapids is taken for a Haswell, half as fast). gemm_init names the kernel family itself, before the
 * first BLIS call; a BLIS_ARCH_TYPE set by the user wins. */
#ifndef KERNELS_GEMM_H
#define KERNELS_GEMM_H

#include <stdbool.h>

#include "base/real.h"
#include "base/status.h"

typedef enum { PLAIN, TRANSPOSED } Transpose;
typedef enum { GEMM_BLIS, GEMM_ONEDNN } GemmLibrary; /* as in the choices of gemm-library */

typedef enum { PRECISION_FP32, PRECISION_BF16 } Precision; /* as in the choices of precision */

typedef struct {
    GemmLibrary library; /* in bf16 GEMM_BLIS: what is fastest here */
    Precision precision; /* of gemm_product */
    bool fixed_order;    /* sums over k in an order that does not depend on the threads; BLIS's never does */
} GemmChoice;

/* Choose the kernel family and the number of threads. level: as vector_choose. Call once. */
void gemm_init(int level, int n_threads);
/* After gemm_init: who computes. STATUS_USAGE, with BLIS and fp32 left in place, if this build lacks the library or
 * this processor the instructions. Local. */
Status gemm_choose(const GemmChoice *choice);
bool gemm_has(GemmLibrary library); /* is it in this build? */

/* Of what was chosen. */
Precision gemm_precision(void);
bool gemm_is_blis(void);              /* fp32, by BLIS */
const char *gemm_precision_key(void); /* "fp32" */
const char *gemm_family(void);        /* "skx", "haswell", ...; of oneDNN its instruction set, "avx512_core" */
const char *gemm_library(void);       /* "BLIS 0.9.0"; "own kernels" */
const char *gemm_library_key(void);   /* the value of gemm-library, or "own" */
bool gemm_family_is_fallback(void);   /* true if BLIS's family is slower than the processor allows */
int gemm_threads(void);

/* C [m, n] = alpha op(A) [m, k] op(B) [k, n] + beta C; lda, ldb, ldc: row strides of the arrays as
 * stored. beta = 0 overwrites C without reading it. Uses all threads of the rank. */
void gemm(Transpose ta, Transpose tb, int m, int n, int k, double alpha, const real *a, int lda, const real *b, int ldb,
          double beta, real *c, int ldc);
/* A matrix as products read it: fp32, and in precision bf16 its rounded copy, with the same row stride; else NULL. */
typedef struct {
    const real *x;
    const Bf16 *rounded;
} Operand;
/* Where a product goes: fp32; or, of rounded operands and where only products read it, bfloat16 alone. */
typedef struct {
    real *x;
    Bf16 *rounded;
} Result;
/* C = op(A) op(B) + beta C, beta 0 or 1, of the copies if both have one; 0 if C is rounded. bias [n] is added to every
 * row of C, or NULL. */
void gemm_product(Transpose ta, Transpose tb, int m, int n, int k, Operand a, int lda, Operand b, int ldb, double beta,
                  const real *bias, Result c, int ldc);

/* gemm in fp64 in every build: for measures. */
void gemm_f64(Transpose ta, Transpose tb, int m, int n, int k, double alpha, const double *a, int lda, const double *b,
              int ldb, double beta, double *c, int ldc);

/* Before a call of LAPACK or ScaLAPACK, whose products are BLIS's too, by BLIS's own threads, which wait for each
 * other, spinning, in every product: all threads if a product of so many operations is worth it, else one. */
void gemm_threads_of_lapack(double operations);

typedef struct {
    double gflops; /* the best round, over all threads of this rank */
    double cores;  /* that its threads had, on average; fewer than threads: others are at work there */
    int rounds;
} GemmSpeed;
/* An m x n x k product in the precision chosen, at least once, at most `rounds` times, and not again after limit_s
 * seconds: on a busy machine threads wait for each other, and a product may take a hundred times as long. */
GemmSpeed gemm_measure(int m, int n, int k, int rounds, double limit_s);

#endif
