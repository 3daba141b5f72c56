"""Writes endpoints.txt: what botocore's endpoint rule sets say of each service in every region.

    python3 tests/unit/aws/data/endpoints.py >tests/unit/aws/data/endpoints.txt

Each line: service region fips dualstack host. sts is resolved with regional endpoints, as every SDK
does by default now.
"""

import botocore.session
from botocore.endpoint_provider import EndpointProvider

SERVICES = ("codedeploy", "ecr", "ecs", "events", "lambda", "scheduler", "sns", "ssm", "sts")


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
                    url = provider.resolve_endpoint(**parameters).url
                    assert url.startswith("https://")
                    print(service, region, str(fips).lower(), str(dualstack).lower(), url[len("https://"):])


main()
