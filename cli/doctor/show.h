#ifndef SLIPWAY_CLI_DOCTOR_SHOW_H
#define SLIPWAY_CLI_DOCTOR_SHOW_H

/*
 * Findings as lines for a person:
 *
 *     ✓ repository of myproject_backend: is there, with 12 images
 *     ✗ image of backend: Image not found: …
 *       remedy: …
 *
 * or as JSON, [{"state":"wrong","check":"image","subject":"backend","case":"Image not found",
 * "message":"…","remedy":"…"},…]. -1: ERR_OUT_OF_MEMORY, also when a finding was lost.
 */

#include "cli/cli.h"
#include "cli/doctor/findings.h"

ERR_MUST_USE int doctor_show(const struct doctor_findings *findings, const struct cli *cli,
                             struct err *err);
ERR_MUST_USE int doctor_show_json(const struct doctor_findings *findings, const struct cli *cli,
                                  struct err *err);

#endif
