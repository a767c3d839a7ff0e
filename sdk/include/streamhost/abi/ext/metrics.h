/* Metrics in the host's registry: Prometheus names, base units, few label values. Never a session, stream or
 * user as a label. */
#ifndef STREAMHOST_EXT_METRICS_H
#define STREAMHOST_EXT_METRICS_H

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_METRICS "streamhost.metrics/1"

typedef struct sh_metric sh_metric;

typedef struct sh_label {
    const char* name;
    const char* value;
} sh_label;

enum { SH_METRIC_COUNTER = 1, SH_METRIC_GAUGE = 2, SH_METRIC_HISTOGRAM = 3 };

typedef struct sh_metrics_ext {
    uint32_t struct_size;
    uint32_t reserved;
    /* The same name and labels give the same metric. `buckets` for histograms: upper bounds, ascending. The
     * host adds the prefix streamhost_. NULL when the name is malformed or taken by another kind. Valid until
     * destroy(). [control] [worker] */
    sh_metric* (*get)(const sh_host* host, uint32_t kind, const char* name, const char* help,
                      const sh_label* labels, uint32_t label_count, const double* buckets,
                      uint32_t bucket_count);
    /* Counter: adds a value >= 0. Gauge: adds. Histogram: observes. [any] */
    void (*add)(sh_metric* metric, double value);
    /* Gauge only. [any] */
    void (*set)(sh_metric* metric, double value);
} sh_metrics_ext;

#ifdef __cplusplus
}
#endif
#endif
