#!/usr/bin/env bash
# template.yaml: cfn-lint and `sam validate --lint` have nothing to say, and its role is right.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly bin=$PWD/build/venv-sam/bin
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1}

"$bin/cfn-lint" template.yaml
"$bin/sam" validate --lint >/dev/null
"$bin/python" tests/integration/check_template_iam.py
