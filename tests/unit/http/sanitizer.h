#ifndef SLIPWAY_TESTS_UNIT_HTTP_SANITIZER_H
#define SLIPWAY_TESTS_UNIT_HTTP_SANITIZER_H

/* The sanitizers have an allocator of their own, which mallinfo2() does not see. */
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_A_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_A_SANITIZER 1
#endif
#endif
#ifndef UNDER_A_SANITIZER
#define UNDER_A_SANITIZER 0
#endif

#endif
