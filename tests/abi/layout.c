/* The layout of every struct that crosses the boundary, on a 64-bit machine. A plugin built last year reads
 * these offsets. */
#include <assert.h>
#include <stddef.h>

#include "streamhost/abi/config.h"
#include "streamhost/abi/ext/async.h"
#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/ext/exchange.h"
#include "streamhost/abi/ext/http.h"
#include "streamhost/abi/ext/limits.h"
#include "streamhost/abi/ext/log.h"
#include "streamhost/abi/ext/metrics.h"
#include "streamhost/abi/ext/node.h"
#include "streamhost/abi/ext/service.h"
#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/ext/task.h"
#include "streamhost/abi/ext/websocket.h"
#include "streamhost/abi/plugin.h"
#include "streamhost/abi/svc/auth.h"
#include "streamhost/abi/svc/chat.h"
#include "streamhost/abi/svc/health.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/abi/svc/ratelimit.h"
#include "streamhost/abi/svc/recovery.h"
#include "streamhost/abi/svc/session.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/abi/svc/tracing.h"

#define SIZE(type, bytes) static_assert(sizeof(type) == (bytes), "size of " #type " has changed");
#define OFFSET(type, member, bytes) \
    static_assert(offsetof(type, member) == (bytes), "offset of " #type "." #member " has changed");

#include "layout.inc"

/* Enumerations are frozen too. The first and the last of each, and what else a number is stored or sent for.
 */
static_assert(SH_OK == 0 && SH_INVALID == 1 && SH_UNAUTHENTICATED == 14, "client's statuses");
static_assert(SH_BUSY == 20 && SH_UNAVAILABLE == 21 && SH_TIMEOUT == 22 && SH_GONE == 23 &&
                  SH_CANCELLED == 24,
              "retry");
static_assert(SH_NEEDS_RESTART == 30 && SH_REJECTED == 31, "configuration");
static_assert(SH_INTERNAL == 40 && SH_WRONG_ROLE == 41 && SH_UNSUPPORTED == 42, "bugs");
static_assert(SH_ON_CONTROL == 1 && SH_ON_STORE == 2 && SH_ON_SHORT == 3 && SH_ON_LONG == 4, "targets");
static_assert(SH_ON_LOOP(0) == 256 && SH_ON_LOOP(3) == 259, "loops");
static_assert(SH_POLICY_DURABLE == 1 && SH_POLICY_MEMORY == 3, "policies of the store");
static_assert(SH_RECORD_TEXT == 't' && SH_RECORD_PART == 'p' && SH_RECORD_END == 'e', "records, as stored");
static_assert(SH_PLUGIN_MAGIC == 0x3150485354524853ull, "magic");
static_assert(SH_ABI_MAJOR == 1, "a new major is a new contract: keep the old layout beside it");
