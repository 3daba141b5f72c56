#ifndef SLIPWAY_CLI_SETTINGS_CHECK_INTERNAL_H
#define SLIPWAY_CLI_SETTINGS_CHECK_INTERNAL_H

/* What the files of check.h share. */

#include "cli/settings/check.h"

/* A name or a value as a message shows it: its first bytes. */
#define CHECK_SHOWN_BYTES 80
struct view check_shown(struct view text);

/* Adds an error, or a warning, at the value; at the file's first member if `value` is NULL. */
struct problem_place check_at(enum severity severity, const struct settings *settings,
                              const struct yaml_value *value);

/* The account of a setting that is not empty, if it is 12 digits that every program reads as such.
 */
bool check_account(const struct settings *settings, const struct setting *setting, const char *key,
                   struct problems *problems);
/* Whether it is a region; the same. */
bool check_region(const struct settings *settings, const struct setting *setting, const char *key,
                  struct problems *problems);
/* That both regions are in one partition; nothing is said where one is not known. */
void check_partition(const struct settings *settings, const struct setting *setting,
                     struct view region, const char *what, struct problems *problems);
/* A name of config_name_is_valid()'s grammar that is text for other programs, too. */
bool check_name(const struct settings *settings, const struct setting *setting, const char *key,
                struct problems *problems);

void check_members(const struct settings *settings, struct problems *problems);
/* -1: no memory. */
int check_workloads(const struct settings *settings, struct problems *problems);
void check_sources(const struct settings *settings, struct problems *problems);
void check_together(const struct settings *settings, size_t n_settings, struct problems *problems);

#endif
