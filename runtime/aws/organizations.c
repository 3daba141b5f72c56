#include "runtime/aws/organizations.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/arn.h"

const struct aws_service organizations_service = {
    .name = "organizations",
    .endpoint_prefix = "organizations",
    .signing_name = "organizations",
    .env_name = "ORGANIZATIONS",
    .protocol = AWS_JSON_1_1,
    .target_prefix = "AWSOrganizationsV20161128",
    .gov_is_fips = true,
};

/* AWS General Reference, "AWS Organizations endpoints and quotas". */
static struct view home_of(struct view region) {
    struct view partition = arn_region_partition(region);
    if (view_equal(partition, VIEW("aws-cn"))) {
        return VIEW("cn-northwest-1");
    }
    return view_equal(partition, VIEW("aws-us-gov")) ? VIEW("us-gov-west-1") : VIEW("us-east-1");
}

int organizations_describe_call(struct view region, struct arena *arena, struct aws_call *ret_call,
                                struct err *err) {
    struct view body = arena_copy(arena, VIEW("{}"));
    if (!body.data) {
        return err_out_of_memory(err, "DescribeOrganization");
    }
    *ret_call = (struct aws_call){
        .service = &organizations_service,
        .operation = "DescribeOrganization",
        .region = home_of(region),
        .body = body,
    };
    return 0;
}

/* {"Organization":{"Id":"o-a1b2c3d4e5","MasterAccountId":"111111111111",…}} */
int organizations_describe_result(const struct aws_call *call, struct arena *arena,
                                  struct view *ret_id, struct err *err) {
    struct json_span root;
    struct json_span organization;
    if (answer_has_code(call, "AWSOrganizationsNotInUseException")) {
        *ret_id = (struct view){0};
        return 0;
    }
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!json_find(root, "Organization", &organization)) {
        return answer_lacks(call, "Organization", err);
    }
    return answer_string(call, organization, "Id", arena, ret_id, err);
}
