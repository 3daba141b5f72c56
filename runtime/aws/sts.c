#include "runtime/aws/sts.h"

#include "runtime/aws/arn.h"
#include "runtime/aws/uri.h"
#include "runtime/aws/xml.h"
#include "runtime/aws/xml_list.h"
#include "runtime/base/ascii.h"
#include "runtime/base/clock.h"

const struct aws_service sts_service = {
    .name = "sts",
    .endpoint_prefix = "sts",
    .signing_name = "sts",
    .env_name = "STS",
    .protocol = AWS_QUERY,
    .api_version = "2011-06-15",
    .gov_is_fips = true,
};

/* Everything in the form escaped: an ARN of 2048 bytes, an external id of 1224. */
#define FORM_MAX_BYTES ((size_t)12 * 1024)
/* STS documents no ceiling for a token and asks not to assume one; today's are about 1 KB. */
#define TEXT_MAX_BYTES ((size_t)64 * 1024)
#define EXTERNAL_ID_MAX_BYTES 1224
#define DEFAULT_SECONDS 3600
#define MIN_SECONDS 900
#define MAX_SECONDS 43200
#define IDENTITY "GetCallerIdentityResponse/GetCallerIdentityResult/"

static void append_parameter(struct buf *buf, const char *name, struct view value) {
    buf_append_str(buf, name);
    buf_append_char(buf, '=');
    uri_append_encoded(buf, value, '\0');
}

/* 2 to 64 of [A-Za-z0-9_+=,.@-]; an external id also has ':' and '/'. */
static bool is_made_of(struct view text, const char *also, size_t min, size_t max) {
    if (text.len < min || text.len > max) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_alphanumeric(text.data[i]) &&
            !view_contains_char(view_of(also), text.data[i])) {
            return false;
        }
    }
    return true;
}

static int check_options(const struct assume_role_options *options, int seconds, struct err *err) {
    struct arn arn;
    if (!arn_parse(options->role_arn, &arn) || !view_equal(arn.service, VIEW("iam")) ||
        !view_starts_with(arn.resource, VIEW("role/"))) {
        return err_set(err, ERR_CONFIG_INVALID, "not the ARN of a role: '" VIEW_FMT "'",
                       VIEW_ARG(options->role_arn));
    }
    if (!is_made_of(options->session_name, "_+=,.@-", 2, 64)) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "no proper session name for role '" VIEW_FMT "': '" VIEW_FMT "'",
                       VIEW_ARG(options->role_arn), VIEW_ARG(options->session_name));
    }
    if (options->external_id.len > 0 &&
        !is_made_of(options->external_id, "_+=,.@:/-", 2, EXTERNAL_ID_MAX_BYTES)) {
        return err_set(err, ERR_CONFIG_INVALID, "no proper external id for role '" VIEW_FMT "'",
                       VIEW_ARG(options->role_arn));
    }
    if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "expected %d to %d seconds for role '" VIEW_FMT "', got %d", MIN_SECONDS,
                       MAX_SECONDS, VIEW_ARG(options->role_arn), seconds);
    }
    return 0;
}

int sts_assume_role_body(const struct assume_role_options *options, struct arena *arena,
                         struct view *ret_body, struct err *err) {
    struct buf form BUF_AUTO = BUF_INIT(FORM_MAX_BYTES);
    int seconds = options->duration_seconds == 0 ? DEFAULT_SECONDS : options->duration_seconds;
    if (check_options(options, seconds, err) < 0) {
        return -1;
    }
    append_parameter(&form, "RoleArn", options->role_arn);
    append_parameter(&form, "&RoleSessionName", options->session_name);
    buf_append_str(&form, "&DurationSeconds=");
    buf_append_i64(&form, seconds);
    if (options->external_id.len > 0) {
        append_parameter(&form, "&ExternalId", options->external_id);
    }
    if (buf_check(&form, "AssumeRole", err) < 0) {
        return -1;
    }
    struct view body = arena_copy(arena, buf_view(&form));
    if (!body.data) {
        return err_out_of_memory(err, "AssumeRole");
    }
    *ret_body = body;
    return 0;
}

void sts_credentials_wipe(struct sts_credentials *credentials) {
    if (!credentials) {
        return;
    }
    secret_wipe(&credentials->secret_access_key);
    secret_wipe(&credentials->session_token);
    credentials->access_key_id = (struct view){0};
    credentials->expires_at_ms = 0;
}

/* The trimmed text of one member of Credentials, in the emptied buffer. */
static int member(struct view xml, const char *name, struct buf *buf, struct view *ret_text,
                  struct err *err) {
    struct buf path BUF_AUTO = BUF_INIT(256);
    buf_append_str(&path, "AssumeRoleResponse/AssumeRoleResult/Credentials/");
    buf_append_str(&path, name);
    buf_clear(buf);
    if (buf_check(&path, "answer of STS", err) < 0) {
        return -1;
    }
    bool is_found = xml_text(xml, buf_cstr(&path), buf);
    if (buf_check(buf, "answer of STS", err) < 0) {
        return -1;
    }
    struct view text = view_trim(buf_view(buf));
    if (!is_found || text.len == 0) {
        return err_set(err, ERR_BAD_RESPONSE, "answer to AssumeRole without a proper '%s'", name);
    }
    *ret_text = text;
    return 0;
}

static int parse_members(struct view xml, struct arena *arena, struct buf *text,
                         struct sts_credentials *credentials, struct err *err) {
    struct view value = {0};
    if (member(xml, "Expiration", text, &value, err) < 0) {
        return -1;
    }
    if (!time_parse_rfc3339(value, &credentials->expires_at_ms)) {
        return err_set(err, ERR_BAD_RESPONSE, "answer to AssumeRole without a proper 'Expiration'");
    }
    if (member(xml, "AccessKeyId", text, &value, err) < 0) {
        return -1;
    }
    credentials->access_key_id = arena_copy(arena, value);
    if (!credentials->access_key_id.data) {
        return err_out_of_memory(err, "access key id");
    }
    if (member(xml, "SecretAccessKey", text, &value, err) < 0 ||
        secret_set(&credentials->secret_access_key, value, "secret access key", err) < 0 ||
        member(xml, "SessionToken", text, &value, err) < 0) {
        return -1;
    }
    return secret_set(&credentials->session_token, value, "session token", err);
}

int sts_assume_role_parse(struct view xml, struct arena *arena,
                          struct sts_credentials *ret_credentials, struct err *err) {
    struct buf text BUF_AUTO_WIPE = BUF_INIT(TEXT_MAX_BYTES);
    struct sts_credentials credentials = {0};
    if (parse_members(xml, arena, &text, &credentials, err) < 0) {
        sts_credentials_wipe(&credentials);
        return -1;
    }
    *ret_credentials = credentials;
    return 0;
}

static bool copy_text(struct view xml, const char *path, struct arena *arena,
                      struct view *ret_text) {
    struct buf text BUF_AUTO = BUF_INIT(TEXT_MAX_BYTES);
    if (!xml_text(xml, path, &text)) {
        return false;
    }
    *ret_text = arena_copy(arena, view_trim(buf_view(&text)));
    return ret_text->data != NULL;
}

bool sts_error_parse(struct view xml, struct arena *arena, struct view *ret_code,
                     struct view *ret_message) {
    struct view code;
    struct view message = {0};
    if (!copy_text(xml, "ErrorResponse/Error/Code", arena, &code) || code.len == 0) {
        return false;
    }
    (void)copy_text(xml, "ErrorResponse/Error/Message", arena, &message);
    *ret_code = code;
    *ret_message = message;
    return true;
}

void sts_get_caller_identity_call(struct aws_call *ret_call) {
    *ret_call = (struct aws_call){.service = &sts_service, .operation = "GetCallerIdentity"};
}

int sts_get_caller_identity_result(const struct aws_call *call, struct arena *arena,
                                   struct sts_identity *ret_identity, struct err *err) {
    if (err_is_set(&call->err)) {
        *err = call->err;
        return -1;
    }
    if (xml_member(call->response, IDENTITY "Account", arena, &ret_identity->account, err) < 0 ||
        xml_member(call->response, IDENTITY "Arn", arena, &ret_identity->arn, err) < 0) {
        return -1;
    }
    if (ret_identity->account.len == 0 || ret_identity->arn.len == 0) {
        return err_set(err, ERR_BAD_RESPONSE,
                       "answer to GetCallerIdentity without a proper 'Account' or 'Arn'");
    }
    return 0;
}
