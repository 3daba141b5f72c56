#ifndef SLIPWAY_CLI_SETTINGS_CHECK_H
#define SLIPWAY_CLI_SETTINGS_CHECK_H

/*
 * What is wrong with the environment files of a project, each alone and all together. Pure.
 */

#include "cli/settings/settings.h"

/* Appends to problems (which may hold those of settings_read() already) and sorts all. Files that
 * could not be understood (root is NULL) are passed over. What lies in files that are not given is
 * not judged. -1: ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int check_settings(const struct settings *settings, size_t n_settings,
                                struct problems *problems, struct err *err);

#endif
