#ifndef SLIPWAY_BENCH_AWS_ANSWERS_H
#define SLIPWAY_BENCH_AWS_ANSWERS_H

/*
 * Answers of ECR and ECS that are good enough for a deploy by convention: any service of project
 * "myproject" in "prod" is there, runs revision 41, and has its tag in the registry. What was
 * registered and updated since is remembered, so that whoever looks again sees it.
 */

#include <stddef.h>

#define ANSWER_BYTES (256 * 1024)

/* Writes the JSON answer to `operation` with the request `body`; its length, or 0 when the
 * operation is not known. */
size_t aws_answer(const char *operation, const char *body, char *ret_answer);

#endif
