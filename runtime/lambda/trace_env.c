#include "runtime/lambda/lambda.h"

#include <stdlib.h>
#include <string.h>

#define NAME "_X_AMZN_TRACE_ID"

void lambda_export_trace_id(const char *trace_id) {
    /* The environment is the process's own global, and an entry of it has to stay where it is.
     * setenv() is no way out: glibc keeps a copy of every value that a variable ever had. */
    static char entry[sizeof(NAME "=") + LAMBDA_TRACE_ID_BYTES] = NAME "=";
    const size_t prefix_len = sizeof(NAME "=") - 1;
    size_t len = trace_id == NULL ? 0 : strlen(trace_id);
    if (len == 0 || len > LAMBDA_TRACE_ID_BYTES) {
        unsetenv(NAME);
        return;
    }
    memcpy(entry + prefix_len, trace_id, len + 1);
    if (getenv(NAME) != entry + prefix_len) {
        putenv(entry);
    }
}
