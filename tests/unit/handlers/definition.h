#ifndef SLIPWAY_TESTS_HANDLERS_DEFINITION_H
#define SLIPWAY_TESTS_HANDLERS_DEFINITION_H

/*
 * A task definition as DescribeTaskDefinition answers it, from its text.
 */

#include "runtime/aws/ecs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* {"taskDefinition":{…},"tags":[…]} */
static inline struct ecs_task_definition definition_of(struct arena *arena, struct view answer) {
    struct aws_call call = {.service = &ecs_service,
                            .operation = "DescribeTaskDefinition",
                            .body = VIEW("{\"taskDefinition\":\"f\"}"),
                            .status = 200,
                            .response = answer};
    struct ecs_task_definition definition;
    struct err err;
    err_init(&err);
    err_init(&call.err);
    if (ecs_describe_task_definition_result(&call, arena, &definition, &err) != 0) {
        fail_msg("%s", err.message);
    }
    return definition;
}

#endif
