/* SLIPWAY_CONFIG: places, documents, which value counts, and how reading it may fail. */

#include "handlers/config_source.h"

#include "handlers/config.h"
#include "runtime/aws/s3.h"
#include "table_environment.h"
#include "tests/unit/aws/fake_aws.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECRET "hunter2"
#define PLACE "ssm:/shop/prod"

#define assert_holds(text, part)                                                                   \
    do {                                                                                           \
        if (strstr((text), (part)) == NULL) {                                                      \
            fail_msg("'%s' is not in: %s", (part), (text));                                        \
        }                                                                                          \
    } while (0)

/* --- places --- */

static void places(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum config_place_kind kind;
        const char *bucket, *name;
    } rows[] = {
        {"ssm:/shop/prod", CONFIG_PARAMETER, "", "/shop/prod"},
        {"ssm:shop_prod.v-1", CONFIG_PARAMETER, "", "shop_prod.v-1"},
        {"ssm:arn:aws:ssm:eu-west-1:111111111111:parameter/shop/prod", CONFIG_PARAMETER, "",
         "arn:aws:ssm:eu-west-1:111111111111:parameter/shop/prod"},
        {"ssm:arn:aws-cn:ssm:cn-north-1:111111111111:parameter/shop", CONFIG_PARAMETER, "",
         "arn:aws-cn:ssm:cn-north-1:111111111111:parameter/shop"},
        {"s3://my-config/prod/environment.json", CONFIG_OBJECT, "my-config",
         "prod/environment.json"},
        {"s3://my.config//a b+\xc3\xa9?x", CONFIG_OBJECT, "my.config", "/a b+\xc3\xa9?x"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config_place place;
        struct err err;
        err_init(&err);
        if (config_place_parse(view_of(rows[i].text), &place, &err) != 0) {
            fail_msg("%s", err.message);
        }
        assert_int_equal(place.kind, rows[i].kind);
        assert_true(view_equal(place.text, view_of(rows[i].text)));
        assert_true(view_equal(place.bucket, view_of(rows[i].bucket)));
        assert_true(view_equal(place.name, view_of(rows[i].name)));
    }
}

static void what_is_no_place(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",
        "/shop/prod",
        "SSM:/shop",
        "ssm:",
        "ssm:a b",
        "ssm:/shop/\xc3\xa9",
        "ssm:a:3",
        "ssm:arn:aws:ssm:eu-west-1:111111111111:document/shop",
        "ssm:arn:aws:ssm:eu-west-1:111111111111:parameter/",
        "ssm:arn:aws:ssm:eu-west-1::parameter/shop",
        "ssm:arn:aws:ssm::111111111111:parameter/shop",
        "ssm:arn:aws:s3:::bucket",
        "ssm:arn:",
        "s3:bucket/key",
        "s3://",
        "s3://bucket",
        "s3://bucket/",
        "s3:///key",
        "s3://Bucket/key",
        "s3://b/key",
        "s3://bucket/a/../b",
        "s3://bucket/a\nb",
        "S3://bucket/key",
        "https://bucket.s3.amazonaws.com/key",
        "arn:aws:s3:::bucket/key",
        "file:/etc/passwd",
        "{\"PROJECT_NAME\":\"x\"}",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config_place place;
        struct err err;
        err_init(&err);
        if (config_place_parse(view_of(rows[i]), &place, &err) == 0) {
            fail_msg("accepted: %s", rows[i]);
        }
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_memory_equal(err.message, "SLIPWAY_CONFIG: '", 17);
        assert_holds(err.message, "': expected ");
        assert_string_equal(err.remedy,
                            "correct SLIPWAY_CONFIG in the function's environment variables");
    }
}

static void the_longest_name(void **state) {
    (void)state;
    char text[4 + 1012 + 1];
    struct config_place place;
    struct err err;
    memset(text, 'n', sizeof(text));
    memcpy(text, "ssm:", 4);
    err_init(&err);
    assert_int_equal(config_place_parse((struct view){text, 4 + 1011}, &place, &err), 0);
    assert_int_equal(config_place_parse((struct view){text, 4 + 1012}, &place, &err), -1);
    assert_true(strlen(err.message) < 300); /* not all of it is shown */
}

static void regions(void **state) {
    (void)state;
    const struct environment first =
        TABLE_ENVIRONMENT("AWS_REGION", " eu-west-1 ", "AWS_DEFAULT_REGION", "us-east-1");
    const struct environment second = TABLE_ENVIRONMENT("AWS_DEFAULT_REGION", "us-east-1");
    const struct environment none = TABLE_ENVIRONMENT("AWS_REGION", "");
    const struct environment wrong = TABLE_ENVIRONMENT("AWS_REGION", "Ireland");
    struct view region;
    struct err err;
    err_init(&err);
    assert_int_equal(config_source_region(&first, &region, &err), 0);
    assert_true(view_equal(region, VIEW("eu-west-1")));
    assert_int_equal(config_source_region(&second, &region, &err), 0);
    assert_true(view_equal(region, VIEW("us-east-1")));
    assert_int_equal(config_source_region(&none, &region, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG_INVALID);
    err_init(&err);
    assert_int_equal(config_source_region(&wrong, &region, &err), -1);
    assert_holds(err.message, "AWS_REGION: 'Ireland': expected a region like 'eu-west-1'");
}

static void an_empty_value_is_none(void **state) {
    (void)state;
    const struct environment unset = TABLE_ENVIRONMENT("A", "b");
    const struct environment empty = TABLE_ENVIRONMENT("SLIPWAY_CONFIG", " \t");
    const struct environment set = TABLE_ENVIRONMENT("SLIPWAY_CONFIG", "x");
    assert_false(config_source_is_wanted(&unset));
    assert_false(config_source_is_wanted(&empty));
    assert_true(config_source_is_wanted(&set));
}

/* --- documents --- */

static struct config_source *parse(const char *document, const struct environment *env) {
    struct config_source *source = NULL;
    struct err err;
    err_init(&err);
    if (config_source_parse(VIEW(PLACE), view_of(document), env, &source, &err) != 0) {
        fail_msg("%s", err.message);
    }
    return source;
}

static const char *value_of(const struct config_source *source, const char *name) {
    const struct environment *env = config_source_environment(source);
    return env->get(env->state, name);
}

static void a_document_lies_under_the_environment(void **state) {
    (void)state;
    const struct environment real =
        TABLE_ENVIRONMENT("LOG_LEVEL", "warn", "PROJECT_ENV", "", "DRY_RUN", " ", "AWS_REGION",
                          "eu-west-1", "UNRELATED", "x");
    struct config_source *source = parse(
        " {\"LOG_LEVEL\":\"info\",\"PROJECT_ENV\":\"prod\",\"DRY_RUN\":\"true\",\n"
        "\"ECS_SERVICE_MAP\":\"{\\\"api\\\":{}}\",\"DEPLOY_TAGS\":\"\\u00e4\\ud83d\\ude00\","
        "\"S3_SERVICE_MAP\":\"\",\"SERVICE_CONFIG\":\"of old\",\"\\u0049MAGE_REFERENCE\":\"tag\"} ",
        &real);
    assert_string_equal(value_of(source, "LOG_LEVEL"), "warn");
    assert_string_equal(value_of(source, "PROJECT_ENV"), "prod");
    assert_string_equal(value_of(source, "DRY_RUN"), "true");
    assert_string_equal(value_of(source, "ECS_SERVICE_MAP"), "{\"api\":{}}");
    assert_string_equal(value_of(source, "DEPLOY_TAGS"), "\xc3\xa4\xf0\x9f\x98\x80");
    assert_string_equal(value_of(source, "S3_SERVICE_MAP"), "");
    assert_string_equal(value_of(source, "SERVICE_CONFIG"), "of old");
    assert_string_equal(value_of(source, "IMAGE_REFERENCE"), "tag");
    assert_string_equal(value_of(source, "AWS_REGION"), "eu-west-1");
    assert_string_equal(value_of(source, "UNRELATED"), "x");
    assert_null(value_of(source, "AUTO_DEPLOY_TAGS"));
    assert_null(value_of(source, ""));
    config_source_free(source);
}

static void an_empty_document_changes_nothing(void **state) {
    (void)state;
    const struct environment real = TABLE_ENVIRONMENT("PROJECT_NAME", "real");
    struct config_source *source = parse("{}", &real);
    assert_string_equal(value_of(source, "PROJECT_NAME"), "real");
    assert_null(value_of(source, "PROJECT_ENV"));
    config_source_free(source);
    config_source_free(NULL);
}

static void config_load_reads_it(void **state) {
    (void)state;
    const struct environment real =
        TABLE_ENVIRONMENT("AWS_REGION", "eu-west-1", "PROJECT_ENV", "prod", "DRY_RUN", "yes");
    struct arena arena ARENA_AUTO = ARENA_INIT(1024 * 1024);
    struct config config;
    struct err err;
    err_init(&err);
    struct config_source *source =
        parse("{\"PROJECT_NAME\":\"shop\",\"PROJECT_ENV\":\"prod\",\"ECS_SERVICE_MAP\":\"{"
              "\\\"api\\\":{}}\",\"ENABLE_S3_MONITORING\":\"no\",\"DRY_RUN\":\"no\",\"SLACK_"
              "WEBHOOK_URL\":"
              "\"https://hooks.example/" SECRET "\"}",
              &real);
    if (config_load(config_source_environment(source), &arena, &config, &err) != 0) {
        fail_msg("%s", err.message);
    }
    config_source_free(source); /* nothing of it is borrowed */
    assert_true(view_equal(config.project, VIEW("shop")));
    assert_true(view_equal(config.env, VIEW("prod")) && config.dry_run);
    assert_int_equal(config.n_services, 1);
    assert_true(view_equal(config.services[0].name, VIEW("api")));
    assert_true(config.has_slack_webhook && !config.enable_s3 && config.enable_ecr);
}

static void what_does_not_count_is_listed_by_name(void **state) {
    (void)state;
    const struct environment real = TABLE_ENVIRONMENT(
        "LOG_LEVEL", "warn", "PROJECT_ENV", " prod ", "DRY_RUN", "", "ECR_STRATEGY", "local",
        "SLACK_WEBHOOK_URL", "https://real.example", "IMAGE_REFERENCE", "tag");
    struct config_source *source =
        parse("{\"LOG_LEVEL\":\"info\",\"PROJECT_ENV\":\"prod\",\"DRY_RUN\":\"true\","
              "\"ECR_STRATEGY\":\"\",\"SLACK_WEBHOOK_URL\":\"https://" SECRET "\","
              "\"DEPLOY_TAGS\":\"*\"}",
              &real);
    struct buf names BUF_AUTO = BUF_INIT(256);
    config_source_list_overridden(source, &names);
    assert_string_equal(buf_cstr(&names), "LOG_LEVEL, SLACK_WEBHOOK_URL");
    config_source_free(source);
}

static void refuse(const char *document, size_t len, struct err *err) {
    const struct environment real = TABLE_ENVIRONMENT("A", "b");
    struct config_source *source = NULL;
    err_init(err);
    if (config_source_parse(VIEW(PLACE), (struct view){document, len}, &real, &source, err) == 0) {
        fail_msg("accepted: %s", document);
    }
    assert_null(source);
    assert_int_equal(err->code, ERR_CONFIG_INVALID);
    assert_memory_equal(err->message, "SLIPWAY_CONFIG: '" PLACE "' h", 33);
    assert_null(strstr(err->message, SECRET));
    assert_null(strstr(err->remedy, SECRET));
    assert_true(err->remedy[0] != '\0');
}

static void what_is_no_document(void **state) {
    (void)state;
    static const struct {
        const char *document, *words;
    } rows[] = {
        {"", "byte 0"},
        {"https://hooks.example/" SECRET, "byte 0"},
        {"SLACK_WEBHOOK_URL=" SECRET, "byte 0"},
        {"[\"" SECRET "\"]", "expected an object, got array"},
        {"\"" SECRET "\"", "expected an object, got string"},
        {"null", "expected an object, got null"},
        {"{\"PROJECT_NAME\":\"" SECRET "\"", "found the end"},
        {"{\"PROJECT_NAME\":\"" SECRET "\"}}", "byte"},
        {"{\"PROJECT_NAME\":\"" SECRET "\",}", "byte"},
        {"{PROJECT_NAME:\"" SECRET "\"}", "byte 1"},
        {"{\"DRY_RUN\":\"" SECRET "\",\"DRY_RUN\":\"x\"}", "DRY_RUN"},
        {"{\"DRY_RUN\":\"\xff" SECRET "\"}", "byte"},
        {"\xef\xbb\xbf{\"DRY_RUN\":\"" SECRET "\"}", "byte 0"},
        {"PROJECT_NAME: " SECRET "\n", "byte 0"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err;
        refuse(rows[i].document, strlen(rows[i].document), &err);
        assert_holds(err.message, "holds no object of variables: ");
        assert_holds(err.message, rows[i].words);
        assert_holds(err.remedy, "slipway config render FILE");
    }
}

static void faults_of_one_member(void **state) {
    (void)state;
    static const struct {
        const char *document, *fault, *variable;
    } rows[] = {
        {"{\"DRY_RUN\":true}", "DRY_RUN: expected a string, got bool", "DRY_RUN"},
        {"{\"ECR_ACCOUNT_ID\":111111111111}", "ECR_ACCOUNT_ID: expected a string, got number",
         "ECR_ACCOUNT_ID"},
        {"{\"DEPLOY_TAGS\":null}", "DEPLOY_TAGS: expected a string, got null", "DEPLOY_TAGS"},
        {"{\"DEPLOY_TAGS\":[\"" SECRET "\"]}", "DEPLOY_TAGS: expected a string, got array",
         "DEPLOY_TAGS"},
        {"{\"ECS_SERVICE_MAP\":{\"api\":{\"x\":[[[\"" SECRET "\"]]]}}}",
         "ECS_SERVICE_MAP: expected a string, got object", "ECS_SERVICE_MAP"},
        {"{\"SLACK_WEBHOOK_URL\":\"https://x\\u0000" SECRET "\"}",
         "SLACK_WEBHOOK_URL: expected a string without NUL characters", "SLACK_WEBHOOK_URL"},
        {"{\"AWS_SECRET_ACCESS_KEY\":\"" SECRET "\"}",
         "AWS_SECRET_ACCESS_KEY: belongs into the function's own environment alone",
         "AWS_SECRET_ACCESS_KEY"},
        {"{\"AWS_REGION\":\"" SECRET "\"}",
         "AWS_REGION: belongs into the function's own environment alone", "AWS_REGION"},
        {"{\"AWS_ACCOUNT_ID\":\"" SECRET "\"}",
         "AWS_ACCOUNT_ID: belongs into the function's own environment alone", "AWS_ACCOUNT_ID"},
        {"{\"LAMBDA_TASK_ROOT\":\"" SECRET "\"}",
         "LAMBDA_TASK_ROOT: belongs into the function's own environment alone", "LAMBDA_TASK_ROOT"},
        {"{\"_HANDLER\":\"" SECRET "\"}",
         "_HANDLER: belongs into the function's own environment alone", "_HANDLER"},
        {"{\"SLIPWAY_CONFIG\":\"ssm:/x\"}", "SLIPWAY_CONFIG: a document cannot name another",
         "SLIPWAY_CONFIG"},
        {"{\"AUTO_DEPLOY_TAG\":\"" SECRET "\"}",
         "AUTO_DEPLOY_TAG: no variable of slipway, expected 'AUTO_DEPLOY_TAGS'", "AUTO_DEPLOY_TAG"},
        {"{\"dry_run\":\"" SECRET "\"}", "dry_run: no variable of slipway, expected 'DRY_RUN'",
         "dry_run"},
        {"{\"https_proxy\":\"" SECRET "\"}", "https_proxy: no variable of slipway", "https_proxy"},
        {"{\"\":\"" SECRET "\"}", "no variable of slipway", "''"},
        {"{\"a\\u001b[31m\\nb\\u00e4\":\"" SECRET "\"}", "a?[31m?b??: no variable of slipway",
         "a?[31m?b??"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char remedy[256];
        struct err err;
        refuse(rows[i].document, strlen(rows[i].document), &err);
        assert_holds(err.message, "' has 1 fault: ");
        assert_holds(err.message, rows[i].fault);
        (void)snprintf(remedy, sizeof(remedy), "correct in '" PLACE "': %s", rows[i].variable);
        assert_string_equal(err.remedy, remedy);
    }
}

static void all_faults_at_once(void **state) {
    (void)state;
    const char *document = "{\"PROJECT_NAME\":\"shop\",\"DRY_RUN\":1,\"AWS_REGION\":\"x\","
                           "\"PROJECT_EMV\":false,\"DEPLOY_TAGS\":\"*\",\"IMAGE_REFERENCE\":{}}";
    struct err err;
    refuse(document, strlen(document), &err);
    assert_string_equal(err.message,
                        "SLIPWAY_CONFIG: '" PLACE "' has 4 faults: DRY_RUN: expected a string, "
                        "got number; AWS_REGION: belongs into the function's own environment "
                        "alone; PROJECT_EMV: no variable of slipway, expected 'PROJECT_ENV'; "
                        "IMAGE_REFERENCE: expected a string, got object");
    assert_string_equal(err.remedy, "correct in '" PLACE
                                    "': DRY_RUN, AWS_REGION, PROJECT_EMV, IMAGE_REFERENCE");
}

/* Half of one environment and half of another is neither. */
static void a_document_of_another_environment(void **state) {
    (void)state;
    const struct environment real =
        TABLE_ENVIRONMENT("PROJECT_NAME", "shop", "PROJECT_ENV", " dev ");
    struct config_source *source = NULL;
    struct err err;
    err_init(&err);
    assert_int_equal(config_source_parse(
                         VIEW(PLACE), VIEW("{\"PROJECT_NAME\":\"shop\",\"PROJECT_ENV\":\"prod\"}"),
                         &real, &source, &err),
                     -1);
    assert_string_equal(err.message, "SLIPWAY_CONFIG: '" PLACE
                                     "' has 1 fault: PROJECT_ENV: expected 'dev', which it is in "
                                     "the function's own environment");
    assert_string_equal(err.remedy, "correct in '" PLACE "': PROJECT_ENV");
    /* An empty one is none. */
    source = parse("{\"PROJECT_NAME\":\" shop \",\"PROJECT_ENV\":\"\"}", &real);
    config_source_free(source);
}

/* How many there are is said, whatever has room. */
static void more_faults_than_a_message_holds(void **state) {
    (void)state;
    struct buf document BUF_AUTO = BUF_INIT(64 * 1024);
    struct err err;
    for (size_t i = 0; i < 500; i++) {
        buf_appendf(&document, "%c\"VARIABLE_OF_SOMEBODY_ELSE_%zu\":\"" SECRET "\"",
                    i == 0 ? '{' : ',', i);
    }
    buf_append_char(&document, '}');
    refuse(document.data, document.len, &err);
    assert_holds(err.message, "' has 500 faults: VARIABLE_OF_SOMEBODY_ELSE_0: ");
    assert_holds(err.remedy, "VARIABLE_OF_SOMEBODY_ELSE_0, VARIABLE_OF_SOMEBODY_ELSE_1, ");
}

static void a_long_name_is_cut(void **state) {
    (void)state;
    struct buf document BUF_AUTO = BUF_INIT(64 * 1024);
    struct err err;
    buf_append_str(&document, "{\"");
    for (size_t i = 0; i < 5000; i++) {
        buf_append_char(&document, 'N');
    }
    buf_append_str(&document, "\":\"\"}");
    refuse(document.data, document.len, &err);
    assert_true(strlen(err.message) < 300);
}

/* {"ECS_SERVICE_MAP":"xxx…"} of that size. */
static void fill(struct buf *document, size_t bytes) {
    buf_clear(document);
    buf_append_str(document, "{\"ECS_SERVICE_MAP\":\"");
    while (document->len < bytes - 2) {
        buf_append_char(document, 'x');
    }
    buf_append_str(document, "\"}");
    assert_int_equal(document->len, bytes);
}

static void the_largest_document_and_one_byte_more(void **state) {
    (void)state;
    const struct environment real = TABLE_ENVIRONMENT("A", "b");
    struct buf document BUF_AUTO = BUF_INIT(S3_OBJECT_BYTES + 1);
    struct err err;
    fill(&document, S3_OBJECT_BYTES);
    struct config_source *source = parse(buf_cstr(&document), &real);
    assert_int_equal(strlen(value_of(source, "ECS_SERVICE_MAP")), S3_OBJECT_BYTES - 22);
    config_source_free(source);
    fill(&document, S3_OBJECT_BYTES + 1);
    refuse(document.data, document.len, &err);
    assert_holds(err.message, "262144");
}

static void a_fault_of_a_value_says_where_to_correct_it(void **state) {
    (void)state;
    const struct environment real = TABLE_ENVIRONMENT("AWS_REGION", "eu-west-1");
    struct arena arena ARENA_AUTO = ARENA_INIT(1024 * 1024);
    struct config config;
    struct err err;
    err_init(&err);
    struct config_source *source =
        parse("{\"PROJECT_NAME\":\"shop\",\"DRY_RUN\":\"maybe\"}", &real);
    assert_int_equal(config_load(config_source_environment(source), &arena, &config, &err), -1);
    config_source_explain(source, &err);
    assert_string_equal(err.remedy, "correct in the function's environment variables: PROJECT_ENV, "
                                    "DRY_RUN; what '" PLACE "' sets has to be corrected there");
    /* Nothing is added to what has nothing to do with it, or where there is none. */
    config_source_explain(NULL, &err);
    assert_holds(err.remedy, "corrected there");
    err_init(&err);
    (void)err_out_of_memory(&err, "x");
    config_source_explain(source, &err);
    assert_null(strstr(err.remedy, "corrected there"));
    config_source_free(source);
}

/* --- reading it --- */

#define KEYS                                                                                       \
    "AWS_REGION", "us-east-1", "AWS_ACCESS_KEY_ID", "AKID", "AWS_SECRET_ACCESS_KEY", "secret"
static const char *const of_parameter[] = {KEYS, "SLIPWAY_CONFIG", " ssm:/shop/prod ", NULL};
static const char *const of_object[] = {KEYS, "SLIPWAY_CONFIG", "s3://my-config/a b.json", NULL};
static const char *const of_nowhere[] = {KEYS, "SLIPWAY_CONFIG", "nowhere", NULL};

#define DOCUMENT "{\"PROJECT_NAME\":\"shop\",\"SLACK_WEBHOOK_URL\":\"https://x/" SECRET "\"}"
#define PARAMETER(value) "{\"Parameter\":{\"Name\":\"/shop/prod\",\"Value\":\"" value "\"}}"
#define QUOTED                                                                                     \
    "{\\\"PROJECT_NAME\\\":\\\"shop\\\",\\\"SLACK_WEBHOOK_URL\\\":\\\"https://x/" SECRET "\\\"}"

struct reading {
    struct fake fake;
    struct environment env;
    struct aws *aws;
    struct config_source *source;
    struct err err;
};

static int read(struct reading *r, const char *const *variables, const struct fake_answer *answers,
                size_t n) {
    fake_init(&r->fake, answers, n);
    err_init(&r->err);
    r->source = NULL;
    r->env = (struct environment){table_environment_get, variables};
    const struct aws_options options = {.http = &r->fake.http,
                                        .clock = &r->fake.clock,
                                        .env = &r->env,
                                        .region = VIEW("us-east-1")};
    assert_int_equal(aws_new(&options, &r->aws, &r->err), 0);
    return config_source_read(r->aws, &r->env, FAKE_MONOTONIC_MS + CONFIG_SOURCE_MS, &r->source,
                              &r->err);
}

static void end(struct reading *r) {
    assert_null(strstr(r->err.message, SECRET));
    assert_null(strstr(r->err.remedy, SECRET));
    config_source_free(r->source);
    aws_free(r->aws);
    fake_release(&r->fake);
}

static void a_parameter_is_read(void **state) {
    (void)state;
    static const struct fake_answer answers[] = {
        {.operation = "GetParameter", .status = 200, .body = PARAMETER(QUOTED)}};
    struct reading r;
    assert_int_equal(read(&r, of_parameter, answers, 1), 0);
    assert_string_equal(value_of(r.source, "PROJECT_NAME"), "shop");
    assert_string_equal(value_of(r.source, "SLACK_WEBHOOK_URL"), "https://x/" SECRET);
    assert_int_equal(r.fake.n_requests, 1);
    assert_string_equal(r.fake.requests[0].url, "https://ssm.us-east-1.amazonaws.com/");
    assert_string_equal(r.fake.requests[0].body,
                        "{\"Name\":\"/shop/prod\",\"WithDecryption\":true}");
    end(&r);
}

static void an_object_is_read(void **state) {
    (void)state;
    static const struct fake_answer answers[] = {{.status = 200, .body = DOCUMENT}};
    struct reading r;
    assert_int_equal(read(&r, of_object, answers, 1), 0);
    assert_string_equal(value_of(r.source, "PROJECT_NAME"), "shop");
    assert_int_equal(r.fake.n_requests, 1);
    assert_string_equal(r.fake.requests[0].method, "GET");
    assert_string_equal(r.fake.requests[0].url,
                        "https://s3.us-east-1.amazonaws.com/my-config/a%20b.json");
    assert_holds(r.fake.requests[0].authorization, "/us-east-1/s3/aws4_request");
    assert_holds(r.fake.requests[0].authorization, "x-amz-content-sha256");
    end(&r);
}

static void no_place_is_no_call(void **state) {
    (void)state;
    struct reading r;
    assert_int_equal(read(&r, of_nowhere, NULL, 0), -1);
    assert_int_equal(r.err.code, ERR_CONFIG_INVALID);
    assert_int_equal(r.fake.n_requests, 0);
    end(&r);
}

#define ERROR(code) "<Error><Code>" code "</Code><Message>words</Message></Error>"

static void failures(void **state) {
    (void)state;
    static const struct {
        const char *const *variables;
        struct fake_answer answer;
        enum err_code code;
        size_t n_requests;
        const char *in_message, *in_remedy;
    } rows[] = {
        {of_parameter,
         {.status = 400, .body = "{\"__type\":\"ParameterNotFound\"}"},
         ERR_CONFIG_INVALID,
         1,
         "'ssm:/shop/prod' cannot be read: the parameter does not exist",
         "create the parameter"},
        {of_parameter,
         {.status = 400, .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"words\"}"},
         ERR_ACCESS_DENIED,
         1,
         "GetParameter denied: words",
         "allow ssm:GetParameter on the parameter"},
        {of_parameter,
         {.status = 400,
          .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"kms:Decrypt\"}"},
         ERR_ACCESS_DENIED,
         1,
         "GetParameter denied",
         "allow kms:Decrypt on the parameter's key"},
        {of_parameter,
         {.status = 400, .body = "{\"__type\":\"ThrottlingException\"}"},
         ERR_THROTTLED,
         3,
         "'ssm:/shop/prod' cannot be read: ",
         ""},
        {of_parameter, {.status = 500, .body = ""}, ERR_AWS_UNAVAILABLE, 3, "cannot be read", ""},
        {of_parameter, {.status = 200, .body = "{}"}, ERR_BAD_RESPONSE, 1, "'Parameter'", ""},
        {of_parameter,
         {.status = 200, .body = PARAMETER(SECRET)},
         ERR_CONFIG_INVALID,
         1,
         "holds no object of variables",
         "slipway config render"},
        {of_parameter, {.stalls = true}, ERR_DEADLINE_EXCEEDED, 0, "cannot be read", ""},
        {of_object,
         {.status = 404, .body = ERROR("NoSuchKey")},
         ERR_CONFIG_INVALID,
         1,
         "'s3://my-config/a b.json' cannot be read: the object does not exist",
         "put the object"},
        {of_object,
         {.status = 404, .body = ERROR("NoSuchBucket")},
         ERR_CONFIG_INVALID,
         1,
         "the bucket does not exist",
         "correct the bucket"},
        {of_object,
         {.status = 403, .body = ERROR("AccessDenied")},
         ERR_ACCESS_DENIED,
         1,
         "GetObject denied: words",
         "allow s3:GetObject on the object"},
        {of_object,
         {.status = 301, .body = ERROR("PermanentRedirect")},
         ERR_BAD_RESPONSE,
         1,
         "the bucket is in another region",
         "own region"},
        {of_object,
         {.status = 503, .body = ERROR("SlowDown")},
         ERR_THROTTLED,
         3,
         "cannot be read",
         ""},
        {of_object,
         {.status = 503, .body = "<html>"},
         ERR_AWS_UNAVAILABLE,
         3,
         "cannot be read",
         ""},
        {of_object,
         {.status = 200, .body = "<html>" SECRET},
         ERR_CONFIG_INVALID,
         1,
         "holds no object of variables",
         "slipway config render"},
        {of_object,
         {.status = 200, .body = ""},
         ERR_CONFIG_INVALID,
         1,
         "holds no object of variables",
         ""},
        {of_object, {.stalls = true}, ERR_DEADLINE_EXCEEDED, 0, "cannot be read", ""},
        {of_object, {.outcome = HTTP_NOT_SENT}, ERR_AWS_UNAVAILABLE, 0, "cannot be read", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fake_answer answers[] = {rows[i].answer, rows[i].answer, rows[i].answer,
                                              rows[i].answer, rows[i].answer, rows[i].answer};
        struct reading r;
        assert_int_equal(read(&r, rows[i].variables, answers, COUNT(answers)), -1);
        if (r.err.code != rows[i].code) {
            fail_msg("row %zu: %s: %s", i, err_name(r.err.code), r.err.message);
        }
        assert_memory_equal(r.err.message, "SLIPWAY_CONFIG: '", 17);
        assert_holds(r.err.message, rows[i].in_message);
        assert_holds(r.err.remedy, rows[i].in_remedy);
        if (rows[i].n_requests > 0) {
            assert_int_equal(r.fake.n_requests, rows[i].n_requests);
        }
        assert_true(r.fake.monotonic_ms <= FAKE_MONOTONIC_MS + CONFIG_SOURCE_MS + 10);
        end(&r);
    }
}

static void what_passes_is_retried(void **state) {
    (void)state;
    static const struct fake_answer answers[] = {
        {.status = 503, .body = ERROR("SlowDown")},
        {.status = 500, .body = ""},
        {.status = 200, .body = DOCUMENT},
    };
    struct reading r;
    assert_int_equal(read(&r, of_object, answers, COUNT(answers)), 0);
    assert_int_equal(r.fake.n_requests, 3);
    assert_string_equal(value_of(r.source, "PROJECT_NAME"), "shop");
    end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(what_is_no_place),
        cmocka_unit_test(the_longest_name),
        cmocka_unit_test(regions),
        cmocka_unit_test(an_empty_value_is_none),
        cmocka_unit_test(a_document_lies_under_the_environment),
        cmocka_unit_test(an_empty_document_changes_nothing),
        cmocka_unit_test(config_load_reads_it),
        cmocka_unit_test(what_does_not_count_is_listed_by_name),
        cmocka_unit_test(what_is_no_document),
        cmocka_unit_test(faults_of_one_member),
        cmocka_unit_test(all_faults_at_once),
        cmocka_unit_test(a_document_of_another_environment),
        cmocka_unit_test(more_faults_than_a_message_holds),
        cmocka_unit_test(a_long_name_is_cut),
        cmocka_unit_test(the_largest_document_and_one_byte_more),
        cmocka_unit_test(a_fault_of_a_value_says_where_to_correct_it),
        cmocka_unit_test(a_parameter_is_read),
        cmocka_unit_test(an_object_is_read),
        cmocka_unit_test(no_place_is_no_call),
        cmocka_unit_test(failures),
        cmocka_unit_test(what_passes_is_retried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
