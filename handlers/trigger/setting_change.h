#ifndef SLIPWAY_HANDLERS_TRIGGER_SETTING_CHANGE_H
#define SLIPWAY_HANDLERS_TRIGGER_SETTING_CHANGE_H

/*
 * What a service reads when its tasks start has changed: a parameter of SSM, or an env file in S3.
 * The services that read it restart.
 * AWS Systems Manager User Guide, "Amazon EventBridge event patterns and types for Systems
 * Manager"; Amazon S3 User Guide, "EventBridge event message structure"; AWS CloudTrail User Guide.
 */

#include "handlers/trigger/trigger.h"

/* detail: {"operation":"Update","name":"/{env}/{project}/{service}/…"}. Ignored: other operations
 * than Create and Update, another environment's or project's parameter, one that no service is
 * named in, and an event with `exception`. -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int parameter_change_parse(const struct event *event, const struct config *config,
                                        struct arena *arena, struct trigger *ret_trigger,
                                        struct err *err);

/* detail: {"bucket":{"name":"b"},"object":{"key":"k"}}, the key not encoded. EventMalformed without
 * these. -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int object_created_parse(const struct event *event, const struct config *config,
                                      struct arena *arena, struct trigger *ret_trigger,
                                      struct err *err);

/* detail: {"eventSource":"s3.amazonaws.com","eventName":"PutObject","requestParameters":
 * {"bucketName":"b","key":"k"}}. Ignored: calls that write no object, and those that failed
 * (`errorCode`). -1: ERR_OUT_OF_MEMORY only. */
ERR_MUST_USE int object_written_parse(const struct event *event, const struct config *config,
                                      struct arena *arena, struct trigger *ret_trigger,
                                      struct err *err);

#endif
