/* test_attention_f64.c: test_attention.c with real = double. */
#include "test_attention.c"
