#include "runtime/aws/shared_config.h"

#include "tests/unit/aws/answered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char config[] = "\xef\xbb\xbf# a comment\r\n"
                             "; another\n"
                             "[default]\n"
                             "region = us-east-1\n"
                             "\n"
                             "[ profile\tprod ] # and a comment\n"
                             "Region=eu-west-1\n"
                             "role_arn\t=  arn:x  ; a comment\n"
                             "s3 =\n"
                             "  region = nested\n"
                             "\tmax = 1\n"
                             "external_id = a#b;c\n"
                             "   # an indented comment\n"
                             "empty =\n"
                             "twice = 1\n"
                             "twice = 2\n"
                             "[profile \"with space\"]\n"
                             "region = q\n"
                             "[sso-session prod]\n"
                             "region = sso\n"
                             "[prod]\n"
                             "region = not a profile\n"
                             "[profile prod]\n"
                             "again = yes\n";

static struct view get(const char *text, enum shared_config_kind kind, const char *profile,
                       const char *name) {
    struct view value = VIEW("(none)");
    (void)shared_config_get(view_of(text), kind, view_of(profile), name, &value);
    return value;
}

static void profiles_of_the_config_file(void **state) {
    (void)state;
    struct err err;
    err_init(&err);
    assert_int_equal(shared_config_check(view_of(config), "config", &err), 0);
    assert_view(get(config, SHARED_CONFIG_FILE, "default", "region"), "us-east-1");
    assert_view(get(config, SHARED_CONFIG_FILE, "prod", "region"), "eu-west-1");
    assert_view(get(config, SHARED_CONFIG_FILE, "prod", "ROLE_ARN"), "arn:x");
    assert_view(get(config, SHARED_CONFIG_FILE, "prod", "external_id"), "a#b;c");
    assert_view(get(config, SHARED_CONFIG_FILE, "prod", "max"), "(none)");
    assert_view(get(config, SHARED_CONFIG_FILE, "prod", "s3"), "(none)");
    assert_view(get(config, SHARED_CONFIG_FILE, "prod", "empty"), "(none)");
    assert_view(get(config, SHARED_CONFIG_FILE, "prod", "twice"), "2");
    assert_view(get(config, SHARED_CONFIG_FILE, "prod", "again"), "yes");
    assert_view(get(config, SHARED_CONFIG_FILE, "with space", "region"), "q");
    assert_true(shared_config_has_profile(view_of(config), SHARED_CONFIG_FILE, VIEW("prod")));
    assert_false(shared_config_has_profile(view_of(config), SHARED_CONFIG_FILE, VIEW("Prod")));
    assert_false(shared_config_has_profile(view_of(config), SHARED_CONFIG_FILE, VIEW("pro")));
    assert_false(shared_config_has_profile(view_of(config), SHARED_CONFIG_FILE, VIEW("")));
    assert_false(
        shared_config_has_profile(view_of(config), SHARED_CONFIG_FILE, VIEW("sso-session prod")));
}

static void profiles_of_the_credentials_file(void **state) {
    (void)state;
    static const char text[] = "[prod]\naws_access_key_id=A\n[profile prod]\naws_access_key_id=B\n";
    assert_view(get(text, SHARED_CREDENTIALS_FILE, "prod", "aws_access_key_id"), "A");
    assert_view(get(text, SHARED_CREDENTIALS_FILE, "profile prod", "aws_access_key_id"), "B");
    assert_view(get(text, SHARED_CREDENTIALS_FILE, "default", "aws_access_key_id"), "(none)");
    assert_view(get(text, SHARED_CONFIG_FILE, "prod", "aws_access_key_id"), "B");
}

static void the_prefixed_default_wins(void **state) {
    (void)state;
    static const char text[] = "[profile default]\nregion=a\n[default]\nregion=b\nother=c\n";
    assert_view(get(text, SHARED_CONFIG_FILE, "default", "region"), "a");
    assert_view(get(text, SHARED_CONFIG_FILE, "default", "other"), "(none)");
    assert_view(get(text, SHARED_CREDENTIALS_FILE, "default", "region"), "b");
}

static void whole_files_may_be_indented(void **state) {
    (void)state;
    static const char text[] = "  [default]\n  a = 1\n  b = 2\n    c = 3\n  d = 4\n";
    assert_view(get(text, SHARED_CREDENTIALS_FILE, "default", "a"), "1");
    assert_view(get(text, SHARED_CREDENTIALS_FILE, "default", "b"), "2");
    assert_view(get(text, SHARED_CREDENTIALS_FILE, "default", "c"), "(none)");
    assert_view(get(text, SHARED_CREDENTIALS_FILE, "default", "d"), "4");
}

static void a_bad_line_is_numbered_and_not_shown(void **state) {
    (void)state;
    static const struct {
        const char *text, *where;
    } rows[] = {
        {"secret\n", "line 1"},
        {"a = 1\n", "line 1"},
        {"[default]\nsecret value\n", "line 2"},
        {"[default]\n= secret\n", "line 2"},
        {"[default\n", "line 1"},
        {"# c\n\n[]\n", "line 3"},
        {"[default] secret\n", "line 1"},
        {"[a]\nb = 1\n[ ]\n", "line 3"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err;
        err_init(&err);
        assert_int_equal(shared_config_check(view_of(rows[i].text), "/home/x/.aws/config", &err),
                         -1);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_holds(err.message, rows[i].where);
        assert_holds(err.message, "/home/x/.aws/config");
        assert_null(strstr(err.message, "secret"));
    }
}

static void an_empty_file_is_fine(void **state) {
    (void)state;
    static const char *const texts[] = {"", "\n", "\r\n \t\n", "#", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct err err;
        err_init(&err);
        assert_int_equal(shared_config_check(view_of(texts[i]), "f", &err), 0);
        assert_false(
            shared_config_has_profile(view_of(texts[i]), SHARED_CONFIG_FILE, VIEW("default")));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_of_the_config_file),
        cmocka_unit_test(profiles_of_the_credentials_file),
        cmocka_unit_test(the_prefixed_default_wins),
        cmocka_unit_test(whole_files_may_be_indented),
        cmocka_unit_test(a_bad_line_is_numbered_and_not_shown),
        cmocka_unit_test(an_empty_file_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
