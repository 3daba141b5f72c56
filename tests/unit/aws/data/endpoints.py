"""Writes endpoints.txt: what botocore's endpoint rule sets say of each service in every region.

    python3 tests/unit/aws/data/endpoints.py >tests/unit/aws/data/endpoints.txt

Each line: service region fips dualstack host. sts is resolved with regional endpoints, as every SDK
does by default now; s3 with a bucket in the path. The host is "-" where they have none.
"""

import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointResolutionError

SERVICES = ("codedeploy", "ecr", "ecs", "events", "lambda", "s3", "scheduler", "sns", "ssm", "sts")


def host_of(provider, parameters):
    try:
        url = provider.resolve_endpoint(**parameters).url
    except EndpointResolutionError:
        return "-"
    assert url.startswith("https://")
    return url[len("https://"):].removesuffix("/bucket")


def main():
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    partitions = loader.load_data("partitions")
    regions = [r for p in partitions["partitions"] for r in sorted(p["regions"]) if not r.endswith("-global")]
    for service in SERVICES:
        provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
        for region in regions:
            for fips in (False, True):
                for dualstack in (False, True):
                    parameters = {"Region": region, "UseFIPS": fips, "UseDualStack": dualstack}
                    if service == "sts":
                        parameters["UseGlobalEndpoint"] = False
                    if service == "s3":
                        parameters.update(Bucket="bucket", ForcePathStyle=True, UseGlobalEndpoint=False)
                    print(service, region, str(fips).lower(), str(dualstack).lower(), host_of(provider, parameters))


main()
