/* naive.h: the slow twins of the kernels: fp64, one formula per function, never linked into the program. */
#ifndef TESTS_REFERENCE_NAIVE_H
#define TESTS_REFERENCE_NAIVE_H

#include <math.h>
#include <stdbool.h>

#include "kernels/vector.h"

static inline void naive_layernorm(int n, int d, const double *x, const double *gamma, const double *beta,
                                   double epsilon, double *y)
{
    for (int i = 0; i < n; i++) {
        double mean = 0, variance = 0;
        for (int j = 0; j < d; j++) mean += x[i * d + j] / d;
        for (int j = 0; j < d; j++) variance += (x[i * d + j] - mean) * (x[i * d + j] - mean) / d;
        for (int j = 0; j < d; j++)
            y[i * d + j] = gamma[j] * (x[i * d + j] - mean) / sqrt(variance + epsilon) + beta[j];
    }
}

static inline void naive_layernorm_backward(int n, int d, const double *dy, const double *x, const double *gamma,
                                            double epsilon, double *dx, double *dgamma, double *dbeta)
{
    for (int i = 0; i < n; i++) {
        double mean = 0, variance = 0, sum = 0, sum_x = 0;
        for (int j = 0; j < d; j++) mean += x[i * d + j] / d;
        for (int j = 0; j < d; j++) variance += (x[i * d + j] - mean) * (x[i * d + j] - mean) / d;
        const double rstd = 1 / sqrt(variance + epsilon);
        for (int j = 0; j < d; j++) {
            const double hat = (x[i * d + j] - mean) * rstd, g = gamma[j] * dy[i * d + j];
            sum += g / d, sum_x += g * hat / d;
            dgamma[j] += dy[i * d + j] * hat, dbeta[j] += dy[i * d + j];
        }
        for (int j = 0; j < d; j++)
            dx[i * d + j] = rstd * (gamma[j] * dy[i * d + j] - sum - (x[i * d + j] - mean) * rstd * sum_x);
    }
}

static inline double naive_gelu(double f)
{
    return 0.5 * f * (1 + erf(f / sqrt(2)));
}

static inline double naive_gelu_slope(double f)
{
    return 0.5 * (1 + erf(f / sqrt(2))) + f * exp(-0.5 * f * f) / sqrt(2 * acos(-1));
}

static inline void naive_softmax(int d, const double *x, double *p)
{
    double most = x[0], sum = 0;
    for (int j = 1; j < d; j++) most = fmax(most, x[j]);
    for (int j = 0; j < d; j++) sum += p[j] = exp(x[j] - most);
    for (int j = 0; j < d; j++) p[j] /= sum;
}

/* methods.md 0.3 (hf) and torch.optim.AdamW */
static inline void naive_adamw(int n, const AdamSettings *s, double *p, const double *g, double *m, double *v)
{
    const double c1 = 1 - pow(s->beta_1, (double)s->step), c2 = 1 - pow(s->beta_2, (double)s->step),
                 eta = s->learning_rate;
    for (int i = 0; i < n; i++) {
        const double clipped = g[i] * s->gradient_scale;
        m[i] = s->beta_1 * m[i] + (1 - s->beta_1) * clipped;
        v[i] = s->beta_2 * v[i] + (1 - s->beta_2) * clipped * clipped;
        if (s->form == ADAM_TORCH) {
            p[i] -= eta * s->weight_decay * p[i];
            p[i] -= eta * (m[i] / c1) / (sqrt(v[i] / c2) + s->epsilon);
        } else {
            p[i] -= eta * sqrt(c2) / c1 * m[i] / (sqrt(v[i]) + s->epsilon);
            p[i] -= eta * s->weight_decay * p[i];
        }
    }
}

/* Element j of a row: half (j mod 32) / 16 of word (j mod 128) / 32 of block (row groups + j / 128) 16 + j mod 16. */
static inline bool naive_drops(const Dropout *dropout, int d, int row, int j)
{
    const uint32_t groups = ((uint32_t)d + 127) / 128;
    uint32_t word[4];
    random_words(&dropout->key, ((uint32_t)row * groups + (uint32_t)j / 128) * 16 + (uint32_t)j % 16, word);
    const uint32_t bits = word[j % 128 / 32] >> 16 * (j % 32 / 16) & 0xFFFF;
    return bits < (uint32_t)(dropout->rate * 65536 + 0.5);
}

/* Attention of one sample and head, and its gradients. q, k, v, o, dout [rows, dh] contiguous, n queries, m keys;
 * factor [n, m]: dropout's. s, p [n, m] scratch. */
static inline void naive_attention(int n, int m, int dh, const double *q, const double *k, const double *v,
                                   const double *factor, double *p, double *o)
{
    for (int i = 0; i < n; i++) {
        double s[1024];
        for (int j = 0; j < m; j++) {
            s[j] = 0;
            for (int c = 0; c < dh; c++) s[j] += q[i * dh + c] * k[j * dh + c] / sqrt((double)dh);
        }
        naive_softmax(m, s, p + i * m);
        for (int c = 0; c < dh; c++) {
            o[i * dh + c] = 0;
            for (int j = 0; j < m; j++) o[i * dh + c] += p[i * m + j] * factor[i * m + j] * v[j * dh + c];
        }
    }
}

static inline void naive_attention_backward(int n, int m, int dh, const double *q, const double *k, const double *v,
                                            const double *factor, const double *p, const double *dout, double *dq,
                                            double *dk, double *dv)
{
    for (int i = 0; i < m * dh; i++) dk[i] = dv[i] = 0;
    for (int i = 0; i < n; i++) {
        double dp[1024], sum = 0;
        for (int j = 0; j < m; j++) {
            dp[j] = 0;
            for (int c = 0; c < dh; c++) {
                dp[j] += dout[i * dh + c] * v[j * dh + c] * factor[i * m + j];
                dv[j * dh + c] += p[i * m + j] * factor[i * m + j] * dout[i * dh + c];
            }
            sum += p[i * m + j] * dp[j];
        }
        for (int c = 0; c < dh; c++) dq[i * dh + c] = 0;
        for (int j = 0; j < m; j++) {
            const double ds = p[i * m + j] * (dp[j] - sum) / sqrt((double)dh);
            for (int c = 0; c < dh; c++) {
                dq[i * dh + c] += ds * k[j * dh + c];
                dk[j * dh + c] += ds * q[i * dh + c];
            }
        }
    }
}

#endif
