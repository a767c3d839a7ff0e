#ifndef STREAMHOST_TEST_SAMPLE_TABLE_H
#define STREAMHOST_TEST_SAMPLE_TABLE_H

#include <stdint.h>

#define SAMPLE_SERVICE "test.sample/1"

/* What SAMPLE_SERVICE offers. */
typedef struct sample_table {
    uint32_t struct_size;
    uint32_t generation;
    uint64_t (*call)(void* self); /* 1 while the instance may be called. [any] */
} sample_table;

#endif
