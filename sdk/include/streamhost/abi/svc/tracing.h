/* Spans of distributed traces (W3C Trace Context, OpenTelemetry).
 *
 * A span lives where its work is done: begin() gives it its place in a trace, and only when it has ended it
 * is handed over, whole. So a provider that is replaced in between loses nothing, and one that is away costs
 * a look.
 */
#ifndef STREAMHOST_SVC_TRACING_H
#define STREAMHOST_SVC_TRACING_H

#include "../bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_SVC_TRACING "streamhost.tracing/1"

enum {
    SH_TRACE_SAMPLED = 1u << 0,    /* as in traceparent */
    SH_TRACE_RANDOM = 1u << 1,     /* as in traceparent */
    SH_TRACE_FROM_CLIENT = 1u << 8 /* of a parent: it came from outside, and may not be followed */
};

/* Where something stands in a trace. */
typedef struct sh_trace_context {
    uint32_t struct_size;
    uint32_t flags; /* SH_TRACE_* */
    uint8_t trace_id[16];
    uint8_t span_id[8];
    sh_bytes state; /* tracestate, or empty */
} sh_trace_context;

enum { /* as in OTLP */
       SH_SPAN_INTERNAL = 1,
       SH_SPAN_SERVER = 2,
       SH_SPAN_CLIENT = 3,
       SH_SPAN_PRODUCER = 4,
       SH_SPAN_CONSUMER = 5
};

enum { SH_ATTRIBUTE_TEXT = 1, SH_ATTRIBUTE_NUMBER = 2 };

/* Stands in arrays, so it never grows. */
typedef struct sh_span_attribute {
    sh_bytes name;
    sh_bytes text;
    int64_t number;
    uint32_t kind; /* SH_ATTRIBUTE_* */
    uint32_t reserved;
} sh_span_attribute;

/* Stands in arrays, so it never grows. */
typedef struct sh_span_event {
    sh_bytes name;
    uint64_t at_ns; /* since 1970 */
} sh_span_event;

typedef struct sh_span {
    uint32_t struct_size;
    uint32_t kind; /* SH_SPAN_* */
    const sh_trace_context* context;
    uint8_t parent_id[8]; /* zero: the first span of its trace */
    sh_bytes name;
    uint64_t start_ns; /* since 1970 */
    uint64_t end_ns;
    const sh_span_attribute* attributes;
    const sh_span_event* events;
    uint32_t attribute_count;
    uint32_t event_count;
    sh_bytes error; /* not empty: it failed, and why */
} sh_span;

typedef struct sh_tracing {
    uint32_t struct_size;
    uint32_t reserved;
    /* The place of what begins now: below `parent`, or, without one (NULL) or with one that is not followed,
     * the first of a new trace. Whether it is sampled stands in its flags. `parent_id` gets the span id of a
     * parent that is followed, else zero; out->state is the parent's. [any] */
    void (*begin)(void* self, const sh_trace_context* parent, sh_trace_context* out, uint8_t parent_id[8]);
    /* It has ended. Only for what is sampled. Copies; never waits: over its limit it is dropped and counted.
     * [any] */
    void (*record)(void* self, const sh_span* span);
} sh_tracing;

#ifdef __cplusplus
}
#endif
#endif
