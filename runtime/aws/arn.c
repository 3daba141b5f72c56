#include "runtime/aws/arn.h"

/* IAM's own ceiling for an ARN, in bytes. */
#define ARN_MAX_BYTES 2048
/* A region is a DNS label in every endpoint, so longer ones cannot exist. */
#define REGION_MAX_BYTES 63

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

/* Visible characters only: no space, no control character. Bytes of UTF-8 are let through. */
static bool is_printable(struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Lower-case letters, digits and '-': partitions and regions. `extra` is one more. */
static bool is_label(struct view text, char extra) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!is_lower(c) && !is_digit(c) && c != '-' && c != extra) {
            return false;
        }
    }
    return true;
}

bool arn_is_account_id(struct view text) {
    if (text.len != 12) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
    }
    return true;
}

bool arn_parse(struct view text, struct arn *ret_arn) {
    struct view rest = text;
    struct view scheme;
    struct arn arn;
    if (text.len > ARN_MAX_BYTES || !is_printable(text) || !view_cut(rest, ':', &scheme, &rest) ||
        !view_equal(scheme, VIEW("arn")) || !view_cut(rest, ':', &arn.partition, &rest) ||
        !view_cut(rest, ':', &arn.service, &rest) || !view_cut(rest, ':', &arn.region, &rest) ||
        !view_cut(rest, ':', &arn.account, &arn.resource)) {
        return false;
    }
    if (!view_starts_with(arn.partition, VIEW("aws")) || !is_label(arn.partition, '-') ||
        arn.service.len == 0 || !is_label(arn.service, '.') || !is_label(arn.region, '-') ||
        arn.resource.len == 0) {
        return false;
    }
    if (arn.account.len > 0 && !arn_is_account_id(arn.account) &&
        !view_equal(arn.account, VIEW("aws"))) {
        return false;
    }
    *ret_arn = arn;
    return true;
}

/* Two to four letters, then words of letters, then one or two digits: us-east-1, us-gov-west-1,
 * ap-southeast-7, eusc-de-east-1. */
bool arn_is_region(struct view text) {
    struct view words;
    struct view number;
    struct view word;
    if (text.len > REGION_MAX_BYTES || !view_cut_last(text, '-', &words, &number)) {
        return false;
    }
    if (number.len < 1 || number.len > 2 || !is_digit(number.data[0]) ||
        !is_digit(number.data[number.len - 1]) || view_ends_with(words, VIEW("-"))) {
        return false;
    }
    size_t n_words = 0;
    while (view_split(&words, '-', &word)) {
        if (word.len == 0 || (n_words == 0 && (word.len < 2 || word.len > 4))) {
            return false;
        }
        for (size_t i = 0; i < word.len; i++) {
            if (!is_lower(word.data[i])) {
                return false;
            }
        }
        n_words++;
    }
    return n_words >= 2;
}

struct partition {
    const char *region_prefix;
    const char *name;
    const char *dns_suffix;
    const char *dualstack_suffix;
};

/* The first row whose prefix fits counts; the last fits every region. */
static const struct partition partitions[] = {
    {"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"},
    {"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"", "aws", "amazonaws.com", "api.aws"},
};

static const struct partition *partition_of(struct view region) {
    const size_t last = sizeof(partitions) / sizeof(partitions[0]) - 1;
    size_t i = 0;
    while (i < last && !view_starts_with(region, view_of(partitions[i].region_prefix))) {
        i++;
    }
    return &partitions[i];
}

struct view arn_region_partition(struct view region) {
    return view_of(partition_of(region)->name);
}

struct view arn_region_dns_suffix(struct view region) {
    return view_of(partition_of(region)->dns_suffix);
}

struct view arn_region_dualstack_suffix(struct view region) {
    return view_of(partition_of(region)->dualstack_suffix);
}
