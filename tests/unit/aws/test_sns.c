#include "runtime/aws/sns.h"

#include "runtime/base/buf.h"
#include "tests/unit/aws/sent_fixture.h"

#define TOPIC "arn:aws:sns:us-west-2:222222222222:deploys"
#define TOPIC_SENT "arn%3Aaws%3Asns%3Aus-west-2%3A222222222222%3Adeploys"

static struct fixture publish(const struct sns_message *message) {
    struct fixture f = fixture_new();
    f.arena.limit_bytes = (size_t)8 * 1024 * 1024;
    if (sns_publish_call(message, &f.arena, &f.call, &f.err) < 0) {
        fail_msg("%s", f.err.message);
    }
    return f;
}

static struct fixture published(void) {
    const struct sns_message message = {
        .topic_arn = VIEW(TOPIC), .subject = VIEW("s"), .message = VIEW("m")};
    return publish(&message);
}

static void assert_form(const struct sns_message *message, const char *form) {
    struct fixture f = publish(message);
    assert_view(f.call.body, form);
    arena_release(&f.arena);
}

/* --- the request --- */

static void a_message_is_a_form(void **state) {
    (void)state;
    const struct sns_message message = {.topic_arn = VIEW(TOPIC),
                                        .subject = VIEW("prod web: deployed v1.2+3"),
                                        .message = VIEW("{\"a\":\"\xc3\xa4 & b=c\"}\n~-_.")};
    struct fixture f = publish(&message);
    struct aws_request request = sent(&f);
    assert_string_equal(f.call.operation, "Publish");
    assert_string_equal(request.method, "POST");
    /* In the topic's region, not in the function's. */
    assert_string_equal(request.url, "https://sns.us-west-2.amazonaws.com/");
    assert_view(request.region, "us-west-2");
    assert_view(sent_header(&request, "Content-Type"),
                "application/x-www-form-urlencoded; charset=utf-8");
    assert_view(sent_header(&request, "X-Amz-Target"), "");
    assert_view(request.body, "Action=Publish&Version=2010-03-31&TopicArn=" TOPIC_SENT
                              "&Subject=prod%20web%3A%20deployed%20v1.2%2B3&Message=%7B%22a%22%3A"
                              "%22%C3%A4%20%26%20b%3Dc%22%7D%0A~-_.");
    /* Sent twice, people would be told twice. */
    assert_true(f.call.once);
    arena_release(&f.arena);
}

static void a_topic_that_is_no_arn_is_for_sns_to_judge(void **state) {
    (void)state;
    const struct sns_message message = {.topic_arn = VIEW("deploys"), .message = VIEW("m")};
    struct fixture f = publish(&message);
    assert_view(f.call.region, "");
    assert_view(f.call.body, "TopicArn=deploys&Message=m");
    arena_release(&f.arena);
}

/* A subject is ASCII without control characters, of a hundred characters at most: any other makes
 * the whole message fail. */
static void the_subject_is_what_sns_takes(void **state) {
    (void)state;
    char text[101];
    memset(text, 'a', sizeof(text));
    const struct {
        struct view subject;
        const char *sent;
    } rows[] = {
        {VIEW("a\r\nb\tc\x7f"), "Subject=a%3F%3Fb%3Fc%3F&"},
        {VIEW("\xc3\xa4"), "Subject=%3F%3F&"},
        {VIEW("~ !"), "Subject=~%20%21&"},
        {VIEW("a\0b"), "Subject=a%3Fb&"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct sns_message message = {
            .topic_arn = VIEW("t"), .subject = rows[i].subject, .message = VIEW("m")};
        struct fixture f = publish(&message);
        assert_holds(f.call.body.data, rows[i].sent);
        arena_release(&f.arena);
    }
    static const size_t lengths[] = {98, 99, 100};
    for (size_t i = 0; i < 3; i++) {
        const struct sns_message message = {
            .topic_arn = VIEW("t"), .subject = {text, lengths[i]}, .message = VIEW("m")};
        struct fixture f = publish(&message);
        size_t kept = lengths[i] < 99 ? lengths[i] : 99;
        assert_int_equal(f.call.body.len, strlen("TopicArn=t&Subject=&Message=m") + kept);
        arena_release(&f.arena);
    }
    const struct sns_message none = {.topic_arn = VIEW("t"), .message = VIEW("m")};
    assert_form(&none, "TopicArn=t&Message=m");
}

static void attributes_are_numbered(void **state) {
    (void)state;
    const struct sns_attribute attributes[] = {
        {"status", VIEW("deployed")}, {"empty", VIEW("")}, {"service", VIEW("web & api")}};
    const struct sns_message message = {.topic_arn = VIEW("t"),
                                        .subject = VIEW("s"),
                                        .message = VIEW("m"),
                                        .attributes = attributes,
                                        .n_attributes = 3};
    assert_form(&message, "TopicArn=t&Subject=s&Message=m"
                          "&MessageAttributes.entry.1.Name=status"
                          "&MessageAttributes.entry.1.Value.DataType=String"
                          "&MessageAttributes.entry.1.Value.StringValue=deployed"
                          "&MessageAttributes.entry.2.Name=service"
                          "&MessageAttributes.entry.2.Value.DataType=String"
                          "&MessageAttributes.entry.2.Value.StringValue=web%20%26%20api");
}

/* Only a FIFO topic takes a group and an id; another one refuses the message. */
static void a_fifo_topic_has_groups(void **state) {
    (void)state;
    struct sns_message message = {.topic_arn = VIEW("arn:aws:sns:us-west-2:222222222222:d.fifo"),
                                  .subject = VIEW("s"),
                                  .message = VIEW("m"),
                                  .group = VIEW("web/prod"),
                                  .deduplication = VIEW("e-1")};
    assert_form(&message, "TopicArn=arn%3Aaws%3Asns%3Aus-west-2%3A222222222222%3Ad.fifo&Subject=s"
                          "&Message=m&MessageGroupId=web%2Fprod&MessageDeduplicationId=e-1");
    message.topic_arn = VIEW("fifo");
    assert_form(&message, "TopicArn=fifo&Subject=s&Message=m");
}

/* SNS takes 256 KB, each byte of which may become three. */
static void a_long_message_is_sent_whole(void **state) {
    (void)state;
    struct buf text BUF_AUTO = BUF_INIT((size_t)256 * 1024);
    for (size_t i = 0; i < (size_t)256 * 1024; i++) {
        buf_append_char(&text, i % 2 == 0 ? '"' : 'x');
    }
    assert_false(text.failed);
    const struct sns_message message = {.topic_arn = VIEW("t"), .message = buf_view(&text)};
    struct fixture f = publish(&message);
    const char *front = "Action=Publish&Version=2010-03-31&TopicArn=t&Message=";
    struct view body = sent(&f).body;
    assert_int_equal(body.len, strlen(front) + (size_t)512 * 1024);
    assert_memory_equal(body.data, front, strlen(front));
    for (size_t i = strlen(front); i < body.len; i += 4) {
        assert_memory_equal(body.data + i, "%22x", 4);
    }
    arena_release(&f.arena);

    struct buf huge BUF_AUTO = BUF_INIT((size_t)1024 * 1024);
    while (huge.len < (size_t)1000 * 1024) {
        buf_append(&huge, VIEW("\"\"\"\"\"\"\"\""));
    }
    const struct sns_message too_long = {.topic_arn = VIEW("t"), .message = buf_view(&huge)};
    f = fixture_new();
    f.call.operation = "untouched";
    assert_int_equal(sns_publish_call(&too_long, &f.arena, &f.call, &f.err), -1);
    assert_true(err_is_set(&f.err));
    assert_string_equal(f.call.operation, "untouched");
    arena_release(&f.arena);
}

/* --- the answer --- */

static void a_published_message_is_a_success(void **state) {
    (void)state;
    struct fixture f = published();
    call_ends(&f.call, 200,
              "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>"
              "<MessageId>567910cd</MessageId></PublishResult></PublishResponse>");
    assert_int_equal(sns_publish_result(&f.call, &f.err), 0);
    assert_false(err_is_set(&f.err));
    arena_release(&f.arena);
}

#define CALLER                                                                                     \
    "User: arn:aws:sts::222222222222:assumed-role/slipway/s is not authorized to perform: "

static void failures_have_meanings(void **state) {
    (void)state;
    static const struct failure_row rows[] = {
        {"AuthorizationError",
         CALLER "SNS:Publish on resource: " TOPIC
                " because no identity-based policy allows the SNS:Publish action",
         ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "Publish denied: " CALLER,
         "allow sns:Publish on SNS_TOPIC_ARN to the function's role"},
        {"AuthorizationErrorException", "no", ERR_BAD_RESPONSE, ERR_ACCESS_DENIED,
         "Publish denied: no", "allow sns:Publish"},
        {"AccessDenied", "no", ERR_ACCESS_DENIED, ERR_ACCESS_DENIED, "Publish denied: no",
         "allow sns:Publish"},
        {"KMSAccessDenied", "The ciphertext refers to a key that you may not access.",
         ERR_BAD_RESPONSE, ERR_ACCESS_DENIED, "Publish denied: The ciphertext refers",
         "kms:GenerateDataKey and kms:Decrypt"},
        {"KMSAccessDeniedException", "no", ERR_BAD_RESPONSE, ERR_ACCESS_DENIED,
         "Publish denied: no", "kms:GenerateDataKey and kms:Decrypt"},
        {"NotFound", "Topic does not exist", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "the topic of SNS_TOPIC_ARN does not exist (request id " REQUEST_ID ")",
         "create the topic, or correct SNS_TOPIC_ARN"},
        {"NotFoundException", "Topic does not exist", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "the topic of SNS_TOPIC_ARN does not exist", "create the topic"},
        {"InvalidParameter", "Invalid parameter: Subject", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE,
         "Invalid parameter: Subject", ""},
        {"KMSNotFound", "no such key", ERR_BAD_RESPONSE, ERR_BAD_RESPONSE, "no such key", ""},
        {"Throttling", "Rate exceeded", ERR_THROTTLED, ERR_THROTTLED, "Rate exceeded", ""},
        {"InternalError", "oops", ERR_AWS_UNAVAILABLE, ERR_AWS_UNAVAILABLE, "oops", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = published();
        call_fails(&f.call, rows[i].met, rows[i].code, view_of(rows[i].words), &f.arena);
        assert_int_equal(sns_publish_result(&f.call, &f.err), -1);
        assert_means(&f, &rows[i], i);
        arena_release(&f.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_a_form),
        cmocka_unit_test(a_topic_that_is_no_arn_is_for_sns_to_judge),
        cmocka_unit_test(the_subject_is_what_sns_takes),
        cmocka_unit_test(attributes_are_numbered),
        cmocka_unit_test(a_fifo_topic_has_groups),
        cmocka_unit_test(a_long_message_is_sent_whole),
        cmocka_unit_test(a_published_message_is_a_success),
        cmocka_unit_test(failures_have_meanings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
