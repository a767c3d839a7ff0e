/* What all the small plugins here share: a plugin in which every function works. A plugin that breaks a rule
 * names what it replaces before it includes this, and is that rule's whole text. C, and C++ where it must
 * throw. */
#ifndef STREAMHOST_TEST_BASE_H
#define STREAMHOST_TEST_BASE_H

#include <stddef.h>
#include <string.h>

#include "streamhost/abi/ext/async.h"
#include "streamhost/abi/ext/service.h"
#include "streamhost/abi/ext/task.h"
#include "streamhost/abi/plugin.h"

#include "sample_table.h"

#ifdef __cplusplus
extern "C" {
#endif
extern SH_EXPORT const sh_entry streamhost_plugin_entry;
#ifdef __cplusplus
}
#endif

static const sh_host* host_of_instance;

static inline const sh_service_ext* services(void) {
    return (const sh_service_ext*)host_of_instance->extension(host_of_instance, SH_EXT_SERVICE);
}
static inline const sh_task_ext* tasks(void) {
    return (const sh_task_ext*)host_of_instance->extension(host_of_instance, SH_EXT_TASK);
}
static inline const sh_async_ext* async_calls(void) {
    return (const sh_async_ext*)host_of_instance->extension(host_of_instance, SH_EXT_ASYNC);
}
static inline void say(sh_error* error, const char* text) {
    strncpy(error->text, text, sizeof error->text - 1);
}

static inline sh_status base_configure(void* self, const sh_config* config, sh_error* error) {
    (void)self, (void)config, (void)error;
    return SH_OK;
}
static inline sh_status base_start(void* self, sh_error* error) {
    (void)self, (void)error;
    return SH_OK;
}
static inline uint32_t base_drain(void* self, uint32_t deadline_ms, sh_error* why) {
    (void)self, (void)deadline_ms, (void)why;
    return 0;
}
static inline void base_end(void* self) { (void)self; }

#ifndef PLUGIN_NAME
#error "define PLUGIN_NAME"
#endif
#ifndef CONFIGURE
#define CONFIGURE base_configure
#endif
#ifndef START
#define START base_start
#endif
#ifndef DRAIN
#define DRAIN base_drain
#endif
#ifndef STOP
#define STOP base_end
#endif
#ifndef DESTROY
#define DESTROY base_end
#endif
#ifndef LOOP_START
#define LOOP_START NULL
#endif
#ifndef LOOP_STOP
#define LOOP_STOP NULL
#endif
#ifndef RUN_TASK
#define RUN_TASK NULL
#endif
#ifndef COMPLETE
#define COMPLETE NULL
#endif
#ifndef MAGIC
#define MAGIC SH_PLUGIN_MAGIC
#endif
#ifndef MAJOR
#define MAJOR SH_ABI_MAJOR
#endif
#ifndef SCHEMA
#define SCHEMA NULL
#endif
#ifndef PROVIDES
#define PROVIDES NULL
#endif
#ifndef REQUIRES
#define REQUIRES NULL
#endif
#ifndef FLAGS
#define FLAGS 0
#endif

/* After the functions: PLUGIN() defines create(), the descriptor and the entry. */
#define PLUGIN()                                                                            \
    static sh_status base_create(const sh_host* host, sh_plugin* plugin, sh_error* error) { \
        (void)error;                                                                        \
        host_of_instance = host;                                                            \
        plugin->configure = CONFIGURE;                                                      \
        plugin->start = START;                                                              \
        plugin->drain = DRAIN;                                                              \
        plugin->stop = STOP;                                                                \
        plugin->destroy = DESTROY;                                                          \
        plugin->loop_start = LOOP_START;                                                    \
        plugin->loop_stop = LOOP_STOP;                                                      \
        plugin->run_task = RUN_TASK;                                                        \
        plugin->complete = COMPLETE;                                                        \
        return SH_OK;                                                                       \
    }                                                                                       \
    ENTRY(base_create)

#define ENTRY(create)                                                                             \
    static const char* const provided[] = {PROVIDES, NULL};                                       \
    static const char* const required[] = {REQUIRES, NULL};                                       \
    static const sh_descriptor descriptor = {sizeof(sh_descriptor),                               \
                                             0,                                                   \
                                             PLUGIN_NAME,                                         \
                                             "1.0.0",                                             \
                                             "For a test.",                                       \
                                             provided,                                            \
                                             required,                                            \
                                             NULL,                                                \
                                             SCHEMA,                                              \
                                             FLAGS,                                               \
                                             0};                                                  \
    const sh_entry streamhost_plugin_entry = {MAGIC, MAJOR,       SH_ABI_MINOR, sizeof(sh_entry), \
                                              0,     &descriptor, create};

#endif
