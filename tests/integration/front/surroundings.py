"""What stands around a deploy and only `slipway doctor` asks about: the account's organization, what IAM says of a role,
and how a subnet gets out of its VPC.

Amazon EC2 API Reference (DescribeSubnets, DescribeRouteTables, DescribeVpcEndpoints); AWS IAM API Reference
(SimulatePrincipalPolicy); AWS Organizations API Reference (DescribeOrganization).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from .context import Context
from .iam import decide, principal_context
from .model import form_of
from .wire import AwsError, Response, json_response, request_id

EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
IAM_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def organization(context: Context) -> Response:
    if context.operation != "DescribeOrganization":
        raise AwsError("UnknownOperationException", f"the front has no organizations:{context.operation}", 404)
    context.authorize("organizations:DescribeOrganization", "*")
    if not context.who.org_id:
        raise AwsError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    return json_response({"Organization": {"Id": context.who.org_id, "FeatureSet": "ALL", "MasterAccountId": "999999999999"}})


def simulation(context: Context) -> Response:
    """iam:SimulatePrincipalPolicy: the role's own policies, carried out for each action on each resource. AWS answers with an
    action once, and on which of the resources it is allowed within that."""
    form = form_of(context.request.body)
    if context.operation != "SimulatePrincipalPolicy":
        raise AwsError("InvalidAction", f"the front has no iam:{context.operation}")
    source = form["PolicySourceArn"]
    context.authorize("iam:SimulatePrincipalPolicy", source)
    role = context.iam.roles.get(source)
    if role is None or role.account != context.who.account:
        raise AwsError("NoSuchEntity", f"The role with name {source.rpartition('/')[2]} cannot be found.", 404)
    who = role.session("simulated")
    members = []
    resources = _numbered(form, "ResourceArns.member")
    words = {"allow": "allowed", "none": "implicitDeny", "deny": "explicitDeny"}
    for action in _numbered(form, "ActionNames.member"):
        found = [(escape(one), words[decide(role.policy, who, action, one, principal_context(who), identity=True)])
                 for one in resources or ["*"]]
        each = "".join(f"<member><EvalResourceName>{name}</EvalResourceName><EvalResourceDecision>{word}</EvalResourceDecision>"
                       "<MissingContextValues/><MatchedStatements/></member>" for name, word in found) if resources else ""
        worst = max((word for _, word in found), key=list(words.values()).index)
        members.append(f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{found[0][0]}</EvalResourceName>"
                       f"<EvalDecision>{worst}</EvalDecision><MissingContextValues/><MatchedStatements/>"
                       f"<ResourceSpecificResults>{each}</ResourceSpecificResults></member>")
    name = "SimulatePrincipalPolicy"
    return _xml(f'<{name}Response xmlns="{IAM_NAMESPACE}"><{name}Result><IsTruncated>false</IsTruncated><EvaluationResults>'
                f"{''.join(members)}</EvaluationResults></{name}Result><ResponseMetadata><RequestId>{request_id()}</RequestId>"
                f"</ResponseMetadata></{name}Response>")


@dataclass
class RouteTable:
    id: str
    vpc: str
    gateway: str = ""  # where everything else goes: nat-…, igw-…, tgw-…; nowhere
    subnets: list[str] = field(default_factory=list)
    main: bool = False
    state: str = "active"


@dataclass
class Endpoint:
    vpc: str
    service: str  # ecr.api
    kind: str = "Interface"
    tables: list[str] = field(default_factory=list)
    private_dns: bool = True


class Ec2:
    def __init__(self) -> None:
        self.subnets: dict[str, str] = {}  # and their VPCs
        self.tables: list[RouteTable] = []
        self.endpoints: list[Endpoint] = []

    def reset(self) -> None:
        self.subnets.clear()
        self.tables.clear()
        self.endpoints.clear()

    def handle(self, context: Context) -> Response:
        handlers = {"DescribeSubnets": self._subnets, "DescribeRouteTables": self._tables, "DescribeVpcEndpoints": self._endpoints}
        if context.operation not in handlers:
            raise AwsError("InvalidAction", f"the front has no ec2:{context.operation}")
        try:
            context.authorize(f"ec2:{context.operation}", "*")
        except AwsError as error:
            raise AwsError("UnauthorizedOperation", "You are not authorized to perform this operation. " + error.message, 403) from None
        name, items = handlers[context.operation](context, form_of(context.request.body))
        return _xml(f'<{context.operation}Response xmlns="{EC2_NAMESPACE}"><requestId>{request_id()}</requestId><{name}>'
                    f"{''.join(f'<item>{item}</item>' for item in items)}</{name}></{context.operation}Response>")

    def _subnets(self, context: Context, form: dict[str, str]) -> tuple[str, list[str]]:
        asked = _numbered(form, "SubnetId")
        for one in asked:
            if one not in self.subnets:
                raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{one}' does not exist")
        return "subnetSet", [f"<subnetId>{one}</subnetId><state>available</state><vpcId>{self.subnets[one]}</vpcId>" for one in asked]

    def _tables(self, context: Context, form: dict[str, str]) -> tuple[str, list[str]]:
        return "routeTableSet", [_shown_table(one) for one in self.tables if one.vpc in _vpcs(form)]

    def _endpoints(self, context: Context, form: dict[str, str]) -> tuple[str, list[str]]:
        return "vpcEndpointSet", [_shown_endpoint(one, context.region) for one in self.endpoints if one.vpc in _vpcs(form)]


def ec2_error(error: AwsError) -> Response:
    body = (f"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{escape(error.code)}</Code>"
            f"<Message>{escape(error.message)}</Message></Error></Errors><RequestID>{request_id()}</RequestID></Response>")
    return Response(error.status, body.encode(), "text/xml")


def _shown_table(one: RouteTable) -> str:
    member = {"nat": "natGatewayId", "igw": "gatewayId", "tgw": "transitGatewayId"}.get(one.gateway.partition("-")[0], "gatewayId")
    routes = ["<item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state></item>"]
    if one.gateway:
        routes.append(f"<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><{member}>{one.gateway}</{member}>"
                      f"<state>{one.state}</state></item>")
    associations = [f"<item><routeTableId>{one.id}</routeTableId><subnetId>{subnet}</subnetId><main>false</main></item>"
                    for subnet in one.subnets]
    if one.main:
        associations.append(f"<item><routeTableId>{one.id}</routeTableId><main>true</main></item>")
    return (f"<routeTableId>{one.id}</routeTableId><vpcId>{one.vpc}</vpcId><routeSet>{''.join(routes)}</routeSet>"
            f"<associationSet>{''.join(associations)}</associationSet><tagSet/>")


def _shown_endpoint(one: Endpoint, region: str) -> str:
    tables = "".join(f"<item>{table}</item>" for table in one.tables)
    return (f"<vpcEndpointId>vpce-{one.service.replace('.', '')}</vpcEndpointId><vpcEndpointType>{one.kind}</vpcEndpointType>"
            f"<vpcId>{one.vpc}</vpcId><serviceName>com.amazonaws.{region}.{one.service}</serviceName><state>available</state>"
            f"<routeTableIdSet>{tables}</routeTableIdSet><privateDnsEnabled>{str(one.private_dns).lower()}</privateDnsEnabled>")


def _vpcs(form: dict[str, str]) -> list[str]:
    if form.get("Filter.1.Name") != "vpc-id":
        raise AwsError("InvalidParameterValue", "the front filters by vpc-id")
    return _numbered(form, "Filter.1.Value")


def _numbered(form: dict[str, str], name: str) -> list[str]:
    """Name.1, Name.2, … without a gap."""
    values = []
    while f"{name}.{len(values) + 1}" in form:
        values.append(form[f"{name}.{len(values) + 1}"])
    if len(values) != sum(key.startswith(f"{name}.") for key in form):
        raise AwsError("InvalidParameterValue", f"the members of {name} are not numbered from 1 on")
    return values


def _xml(text: str) -> Response:
    return Response(200, text.encode(), "text/xml")
