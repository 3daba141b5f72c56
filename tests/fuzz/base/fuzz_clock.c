/* Times: what is taken is in range, and formatted and read again it is the same. */

#include "runtime/base/clock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view text = {(const char *)data, size};
    int64_t ms;
    if (time_parse_rfc3339(text, &ms)) {
        require(ms >= 0 && ms <= INT64_C(253402300799999));
        char again[TIME_RFC3339_BYTES];
        time_format_rfc3339(ms, again);
        int64_t ms_again = -1;
        require(time_parse_rfc3339(view_of(again), &ms_again) && ms_again == ms);
        char amz[TIME_AMZ_BYTES];
        time_format_amz(ms, amz);
        require(view_of(amz).len == sizeof(amz) - 1);
    }
    if (time_parse_http_date(text, &ms)) {
        require(size == sizeof("Fri, 20 Nov 2026 22:39:04 GMT") - 1);
        require(ms >= 0 && ms % 1000 == 0);
    }
    int64_t number = 0;
    if (view_to_i64(text, &number)) {
        require((number < 0) <= (data[0] == '-'));
    }
    return 0;
}
