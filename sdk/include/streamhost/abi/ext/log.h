/* Logging through the host: one place, one format, one switch. A plugin never touches a logging library's
 * globals. */
#ifndef STREAMHOST_EXT_LOG_H
#define STREAMHOST_EXT_LOG_H

#include "../bytes.h"
#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SH_EXT_LOG "streamhost.log/1"

enum { SH_LOG_DEBUG = 1, SH_LOG_INFO = 2, SH_LOG_WARN = 3, SH_LOG_ERROR = 4 };

/* A field keeps its name and value apart from the message, so that JSON lines stay searchable. */
typedef struct sh_log_field {
    const char* name; /* [a-z_]+, terminated */
    sh_bytes value;
} sh_log_field;

typedef struct sh_log_ext {
    uint32_t struct_size;
    uint32_t reserved;
    /* Cheap enough to ask before formatting. [any] */
    uint8_t (*enabled)(const sh_host* host, uint32_t level);
    /* Never blocks: over the queue's limit the oldest line is dropped and counted. [any] */
    void (*write)(const sh_host* host, uint32_t level, sh_bytes message, const sh_log_field* fields,
                  uint32_t count);
} sh_log_ext;

#ifdef __cplusplus
}
#endif
#endif
