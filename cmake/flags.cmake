set(SLIPWAY_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes
    -Wformat=2 -Wundef -Wcast-qual -Wwrite-strings -Werror)
if(CMAKE_C_COMPILER_ID MATCHES Clang)
  # ", ##__VA_ARGS__" is the one GNU extension that the log macro needs.
  list(APPEND SLIPWAY_WARNINGS -Wno-gnu-zero-variadic-macro-arguments)
endif()

add_compile_options(-fno-omit-frame-pointer -fstack-protector-strong)
if(SLIPWAY_SANITIZE)
  add_compile_options(-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(SLIPWAY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Position-independent, full RELRO, no executable stack.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT SLIPWAY_STATIC)
  add_link_options(-pie)
endif()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
