# libcurl, OpenSSL's libcrypto and cJSON as imported targets, each linked by the one layer that may
# include it.
if(SLIPWAY_STATIC)
  include(cmake/static.cmake)
  return()
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET GLOBAL libcurl>=7.84)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET GLOBAL libcrypto>=3.0)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET GLOBAL libcjson>=1.7.13)
add_library(slipway::curl ALIAS PkgConfig::CURL)
add_library(slipway::crypto ALIAS PkgConfig::CRYPTO)
add_library(slipway::cjson ALIAS PkgConfig::CJSON)
