#ifndef SLIPWAY_TESTS_OOM_CJSON_H
#define SLIPWAY_TESTS_OOM_CJSON_H

/*
 * cJSON allocates inside its shared library, where no call is wrapped: with its hooks set its
 * allocations fail like all others. They are declared here because only json.c includes its header.
 */

#include "tests/unit/base/oom.h"

#include <stdlib.h>

struct cjson_hooks {
    void *(*malloc_fn)(size_t size);
    void (*free_fn)(void *memory);
};
void cJSON_InitHooks(struct cjson_hooks *hooks);

static inline void oom_hook_cjson(void) {
    struct cjson_hooks hooks = {__wrap_malloc, free};
    cJSON_InitHooks(&hooks);
}

static inline void oom_unhook_cjson(void) {
    cJSON_InitHooks(NULL);
}

#endif
