#include "runtime/aws/xml.h"

#include "tests/unit/aws/answered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void text_is_found(void **state) {
    (void)state;
    static const struct {
        const char *document, *path, *text;
    } rows[] = {
        {"<a>x</a>", "a", "x"},
        {"<a><b>x</b><c>y</c></a>", "a/c", "y"},
        {"<?xml version=\"1.0\"?>\n<!-- c -->\n<a xmlns='u' x = \"1\" ><b/></a>\n<!-- d -->\n",
         "a/b", ""},
        {"\xef\xbb\xbf<a>x</a>", "a", "x"},
        {"<a><b><a>no</a></b><c>yes</c></a>", "a/c", "yes"},
        {"<a>1<b>2</b>3</a>", "a", "13"},
        {"<a>1<!-- 2 -->3<?p 4?>5</a>", "a", "135"},
        {"<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F600;</a>", "a", "<>&\"'AB\xf0\x9f\x98\x80"},
        {"<a><![CDATA[<b>&amp;]]]]></a>", "a", "<b>&amp;]]"},
        {"<a><b-c.d_1>x</b-c.d_1 ></a>", "a/b-c.d_1", "x"},
        {"<a><\xc3\xa4>x</\xc3\xa4></a>", "a/\xc3\xa4", "x"},
        {"<a b='>'>x</a>", "a", "x"},
        {"<a>> ]] \"</a>", "a", "> ]] \""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf buf BUF_AUTO = BUF_INIT(256);
        if (!xml_text(view_of(rows[i].document), rows[i].path, &buf)) {
            fail_msg("refused: %s", rows[i].document);
        }
        assert_view(buf_view(&buf), rows[i].text);
    }
}

static void everything_else_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "x",
        "<",
        "<a",
        "<a>",
        "<a>x",
        "<a>x</b>",
        "<a></a",
        "</a>",
        "<a></a></a>",
        "<a></a><a></a>",
        "<a></a>x",
        "x<a></a>",
        "<a><b></a></b>",
        "<a x></a>",
        "<a x=></a>",
        "<a x=1></a>",
        "<a x='1></a>",
        "<a x='<'></a>",
        "<a x='1'y='2'></a>",
        "< a></a>",
        "<1></1>",
        "<a/ >",
        "<a>x</ a>",
        "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
        "<!DOCTYPE a><a>x</a>",
        "<a>&e;</a>",
        "<a>&</a>",
        "<a>&amp</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&#xG;</a>",
        "<a>&#1a;</a>",
        "<a>&#99999999999;</a>",
        "<a><!-- </a>",
        "<a><![CDATA[x]]</a>",
        "<a><?p </a>",
        "<![CDATA[x]]><a>x</a>",
        "<a>x</a>\x01",
        "<a>1</a>\xef\xbb\xbf",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf buf BUF_AUTO = BUF_INIT(256);
        if (xml_text(view_of(bad[i]), "a", &buf)) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void an_element_is_there_exactly_once(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(256);
    assert_false(xml_text(VIEW("<a><b>1</b><b>2</b></a>"), "a/b", &buf));
    buf_clear(&buf);
    assert_false(xml_text(VIEW("<a><b>1</b></a>"), "a/c", &buf));
    assert_false(xml_text(VIEW("<a><b>1</b></a>"), "b", &buf));
    assert_false(xml_text(VIEW("<a><b>1</b></a>"), "", &buf));
    assert_false(xml_text(VIEW("<a><b>1</b></a>"), "A/b", &buf));
}

static void ceilings(void **state) {
    (void)state;
    struct buf document BUF_AUTO = BUF_INIT(2 * XML_MAX_BYTES);
    struct buf text BUF_AUTO = BUF_INIT(4);
    for (int i = 0; i < XML_MAX_DEPTH; i++) {
        buf_append_str(&document, "<a>");
    }
    for (int i = 0; i < XML_MAX_DEPTH; i++) {
        buf_append_str(&document, "</a>");
    }
    struct xml_reader reader = xml_reader(buf_view(&document));
    struct xml_token token;
    do {
        token = xml_next(&reader);
    } while (token.type != XML_DONE && token.type != XML_BAD);
    assert_int_equal(token.type, XML_DONE);
    assert_int_equal(xml_next(&reader).type, XML_DONE);

    buf_clear(&document);
    for (int i = 0; i <= XML_MAX_DEPTH; i++) {
        buf_append_str(&document, "<a>");
    }
    reader = xml_reader(buf_view(&document));
    do {
        token = xml_next(&reader);
    } while (token.type == XML_START);
    assert_int_equal(token.type, XML_BAD);
    assert_int_equal(xml_next(&reader).type, XML_BAD);

    buf_clear(&document);
    while (document.len <= XML_MAX_BYTES) {
        buf_append_str(&document, "          ");
    }
    buf_append_str(&document, "<a>x</a>");
    assert_false(xml_text(buf_view(&document), "a", &text));
    assert_false(xml_text(VIEW("<a>12345</a>"), "a", &text));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_found),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(an_element_is_there_exactly_once),
        cmocka_unit_test(ceilings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
