# For the SAM CLI alone (template.yaml, BuildMethod: makefile); people use ./build.sh.
# SAM may run this on a copy of the source; what was built before is beside this file.
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))

.PHONY: build-SlipwayFunction
build-SlipwayFunction:
	$(ROOT)build.sh package
	$(ROOT)tools/package.sh "$(ARTIFACTS_DIR)"
