#!/usr/bin/env bash
# template.yaml: cfn-lint and `sam validate --lint` have nothing to say, its role is right, its rules
# match what they are for, and its dashboard shows metrics that exist.
# usage: check-template.sh FOLDER (EventBridge's matcher, see setup.sh)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly bin=$PWD/build/venv-sam/bin
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1}

"$bin/cfn-lint" template.yaml
"$bin/sam" validate --lint >/dev/null
status=0
"$bin/python" tests/integration/check_template_iam.py || status=1
"$bin/python" tools/check_rules.py "$1" || status=1
"$bin/python" tools/check_dashboard.py || status=1
exit "$status"
