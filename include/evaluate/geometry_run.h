/* geometry_run.h: collapse geometry: a model and a text to classes, measures, intervals, calibration. */
#ifndef EVALUATE_GEOMETRY_RUN_H
#define EVALUATE_GEOMETRY_RUN_H

#include "analysis/class_scatter.h"
#include "analysis/geometry.h"
#include "data/wordlist.h"
#include "evaluate/features.h"
#include "evaluate/result.h"

typedef enum { CLASSES_WORDS, CLASSES_CORPUS, CLASSES_VOCABULARY } ClassChoice;

typedef struct {
    const char *model, *text, *words, *nc4_text, *output, *text_column, *grid;
    int classes; /* ClassChoice */
    int64_t min_count, most, passes;
    Pairing pairing;                 /* as stored from the table; geometry_run takes it as it is */
    int split, format, centre, road; /* as the keys of the same names */
    bool nc4;
    int64_t max_length, seed, bootstrap, calibration;
    double mask_rate;
} GeometryOptions;

typedef enum { NC4_SEEN, NC4_ALL, NC4_CLASSES, N_NC4 } Nc4Candidates;

typedef struct {
    const Comm *comm;
    const GeometryOptions *options;
    int64_t step; /* of a snapshot during training; -1 else */
    Model model;
    Dataset corpus;
    WordList words;       /* empty without a list */
    ClassScatter all;     /* [V] counts and means of every id */
    ClassScatter kept;    /* [K] the analysed classes, with squares */
    int n_classes;        /* K */
    int n_rare, n_beyond; /* classes left out: met too seldom (those of a list also if never), not among the most */
    int *id;              /* owned [K], ascending */
    const char **word, **group; /* owned [K] of borrowed texts */
    double *row;                /* owned [K, D] word embeddings */
    Geometry geometry;
    double *gram;         /* owned [K, K] of d_c, if K <= GEOMETRY_GRAM_MOST; else NULL */
    int64_t *tested;      /* owned [K]: states of the third pass */
    int64_t *hits[N_NC4]; /* owned [K] */
    double forward_s, statistics_s, pairs_s;
    EvaluationResult result;
} GeometryRun;

enum { GEOMETRY_GRAM_MOST = 4096 };

/* Collective. On success the result and, with output, the file are there. */
Status geometry_run(const Comm *comm, const GeometryOptions *options, const char *command_line, GeometryRun *run);
void geometry_run_close(GeometryRun *run);

/* The parts: agreement of the two nearest-class rules (NC4, third pass; Collective); metrics with intervals and
 * calibration into run->result (Local); the file (Local, rank 0). */
Status geometry_agreement(GeometryRun *run);
void geometry_summarise(GeometryRun *run);
Status geometry_write(const GeometryRun *run, const char *command_line);

#endif
