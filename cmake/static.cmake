# The release: everything from the sysroot that tools/static-deps.sh builds, with the compiler in
# it, and nothing of the machine's own libraries.
set(SLIPWAY_SYSROOT "" CACHE PATH "the static sysroot")
if(NOT EXISTS ${SLIPWAY_SYSROOT}/lib/libcurl.a)
  message(FATAL_ERROR "no static libraries in '${SLIPWAY_SYSROOT}'; build with ./build.sh static")
endif()

function(slipway_static_library name file)
  add_library(${name} STATIC IMPORTED GLOBAL)
  set_target_properties(
    ${name}
    PROPERTIES IMPORTED_LOCATION ${SLIPWAY_SYSROOT}/lib/${file}
               INTERFACE_INCLUDE_DIRECTORIES
               "${SLIPWAY_SYSROOT}/include;${SLIPWAY_SYSROOT}/include/cjson"
               INTERFACE_LINK_LIBRARIES "${ARGN}")
endfunction()

slipway_static_library(slipway::zlib libz.a)
slipway_static_library(slipway::crypto libcrypto.a)
slipway_static_library(slipway::ssl libssl.a slipway::crypto)
slipway_static_library(slipway::curl libcurl.a slipway::ssl slipway::zlib)
slipway_static_library(slipway::cjson libcjson.a)
slipway_static_library(slipway::yaml libyaml.a)

# The compiler's specs link static and position-independent. Paths are mapped away, and the link is
# the same in any folder, so that equal sources give equal bytes. FORTIFY has no effect: musl has
# no checked variants of its functions.
add_compile_options(
  -g -fPIE -ffunction-sections -fdata-sections -fstack-clash-protection -fno-unwind-tables
  -fno-asynchronous-unwind-tables -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
add_link_options(-Wl,--gc-sections,--build-id=none,--hash-style=gnu)
