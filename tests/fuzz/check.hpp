#pragma once

#include <cstdio>
#include <cstdlib>

// assert() that is there in every build: in a fuzzer a broken property has to stop the run.
#define FUZZ_CHECK(condition)                                                            \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                \
        }                                                                                \
    } while (false)
