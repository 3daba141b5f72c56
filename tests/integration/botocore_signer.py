"""Signs random requests with botocore and with slipway, and compares.

    botocore_signer.py TOOL [COUNT [SEED]]

TOOL is sigv4_tool (sigv4_tool.c). Left out is only what botocore cannot express: a path that is
encoded but not normalized, a signed request whose token is not signed, empty query parameters
(`a=1&&b=2`), a raw `+` or a broken escape in a query (botocore signs a URL's query as it is spelt,
where slipway decodes it first), and a Date header instead of X-Amz-Date. Headers that no SDK signs
(User-Agent, Expect, …) are in botocore's request and are not given to the tool, as its caller
would do.
"""

import base64
import datetime
import json
import random
import subprocess
import sys
from urllib.parse import quote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

COUNT = 600
SEED = 20150830

WORDS = [
    "a", "A", "Param", "param-1", "tag", "x_y", "~tilde", "1.0", "sp ace", "per%cent", "pl+us",
    "sl/ash", "am&p", "eq=ual", "co:lon", "ha#sh", "qu?estion", "ሴ", "žluťoučký", "日本", "😀",
    "semi;colon", "com,ma", "at@", "bang!", "star*", "quo'te", "paren(s)", "[br]", "do$llar", "%20",
]
HEADER_WORDS = ["a", "b c", " lead", "trail  ", "in  side   gaps", "tab\there", '"quo  ted"', "=;,", "é", ""]
UNSIGNED = [("User-Agent", "agent/1.0"), ("Expect", "100-continue"), ("X-Amzn-Trace-Id", "Root=1"),
            ("Connection", "keep-alive")]


def random_path(rng, is_s3):
    """As it goes into the request line: mostly encoded, sometimes raw; with odd segments."""
    segments = []
    for _ in range(rng.randrange(6)):
        kind = rng.randrange(8)
        if kind == 0:
            segments.append(rng.choice(["", ".", "..", "%2E%2E", "..."]))
        elif kind == 1 and not is_s3:
            segments.append(rng.choice(["ሴ", "raw:colon", "a;b", "x=y,z", "at@", "~", "(1)", "50%25"]))
        else:
            segments.append(quote(rng.choice(WORDS), safe=rng.choice(["", "~", ":@", "-_.~"])))
    return "/" + "/".join(segments) + rng.choice(["", "/"])


def spell(rng, text):
    """Some percent-encoding of the text: more than needed, in either case."""
    out = []
    for byte in text.encode():
        plain = chr(byte) in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~"
        if plain and rng.random() < 0.8:
            out.append(chr(byte))
        else:
            out.append(("%%%02X" if rng.random() < 0.5 else "%%%02x") % byte)
    return "".join(out)


def random_query(rng):
    """(params for botocore, its URL's query, the query for the tool)."""
    pairs = [(rng.choice(WORDS), rng.choice(WORDS + [""])) for _ in range(rng.randrange(6))]
    if rng.random() < 0.5:
        return pairs, "", "&".join(
            spell(rng, k) + ("" if not v and rng.random() < 0.5 else "=" + spell(rng, v)) for k, v in pairs)
    text = "&".join(
        quote(k, safe="-_.~") + ("" if not v and rng.random() < 0.5 else "=" + quote(v, safe="-_.~"))
        for k, v in pairs)
    return [], text, text


def random_headers(rng):
    names = ["X-Amz-Target", "x-amz-meta", "X-Amz-Meta-A", "x-amz-meta-a-b", "Content-Type", "My-Header1",
             "my-header1", "Zz", "Accept", "X_Under", "x-custom"]
    return [(rng.choice(names), rng.choice(HEADER_WORDS)) for _ in range(rng.randrange(7))]


def random_case(rng):
    is_s3 = rng.random() < 0.2
    params, url_query, query = random_query(rng)
    port = rng.choice(["", "", ":8443", ":443"])
    return {
        "method": rng.choice(["GET", "POST", "PUT", "DELETE", "HEAD"]),
        "host": rng.choice(["api.ecr.us-east-1.amazonaws.com", "localhost", "10.0.0.1", "x-y.example"]),
        "port": port,
        "path": random_path(rng, is_s3),
        "params": params,
        "url_query": url_query,
        "query": query,
        "headers": random_headers(rng),
        "body": rng.randbytes(rng.choice([0, 0, 1, 63, 64, 65, 500, 4096])),
        "access_key": "AKID" + str(rng.randrange(10**9)),
        "secret_key": "".join(rng.choice("abcXYZ0189+/=é") for _ in range(rng.choice([1, 20, 40, 60, 61, 100]))),
        "token": rng.choice(["", "", "token/with+odd==chars", "t" * 1500]),
        "region": rng.choice(["us-east-1", "cn-north-1", "us-gov-west-1", "eu-central-2"]),
        "service": "s3" if is_s3 else rng.choice(["ecr", "ecs", "sts", "events", "execute-api"]),
        "time": rng.randrange(0, 4102444800),
        "is_s3": is_s3,
        "sign_body": is_s3 or rng.random() < 0.2,
    }


def sign_with_botocore(case, rng):
    request = AWSRequest(
        method=case["method"],
        url=f"https://{case['host']}{case['port']}{case['path']}"
        + (f"?{case['url_query']}" if case["url_query"] else ""),
        params=case["params"],
        data=case["body"],
    )
    for name, value in case["headers"] + rng.sample(UNSIGNED, rng.randrange(3)):
        request.headers.add_header(name, value)
    signer = (S3SigV4Auth if case["is_s3"] else SigV4Auth)(
        Credentials(case["access_key"], case["secret_key"], case["token"] or None), case["service"], case["region"])
    when = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc)
    request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
    # What add_auth() does, with our time instead of now.
    signer._modify_request_before_signing(request)
    if case["sign_body"] and not case["is_s3"]:
        request.headers["X-Amz-Content-SHA256"] = signer.payload(request)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signer._inject_signature_to_request(request, signature)
    return request.headers["Authorization"], canonical


def tool_line(case):
    port = "" if case["port"] == ":443" else case["port"]
    return json.dumps({
        "method": case["method"], "host": case["host"] + port, "path": case["path"], "query": case["query"],
        "headers": case["headers"], "body": base64.b64encode(case["body"]).decode(),
        "access_key": case["access_key"], "secret_key": case["secret_key"], "token": case["token"],
        "region": case["region"], "service": case["service"], "time_ms": case["time"] * 1000,
        "normalize": not case["is_s3"], "double_encode": not case["is_s3"], "sign_body": case["sign_body"],
    }, ensure_ascii=False)


def main(argv):
    if len(argv) < 2:
        sys.exit(__doc__)
    count = int(argv[2]) if len(argv) > 2 else COUNT
    rng = random.Random(int(argv[3]) if len(argv) > 3 else SEED)
    cases = [random_case(rng) for _ in range(count)]
    expected = [sign_with_botocore(case, rng) for case in cases]
    run = subprocess.run([argv[1]], input="".join(tool_line(case) + "\n" for case in cases).encode(),
                         stdout=subprocess.PIPE, check=True, timeout=120)
    got = run.stdout.decode().splitlines()
    passed = 0
    for i, (authorization, canonical) in enumerate(expected):
        answer = got[i] if i < len(got) else "nothing"
        if answer == authorization:
            passed += 1
            continue
        print(f"case {i}: {tool_line(cases[i])}\n  botocore {authorization}\n  slipway  {answer}\n"
              f"  canonical request of botocore:\n{canonical}\n")
    print(f"{passed} passed, {count - passed} failed")
    return 0 if passed == count and len(got) == count and count > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
