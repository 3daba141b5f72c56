/* data/check/<case>/: environment files, and what config check and config show say of them. */

#include "tests/unit/cli/golden_cases.h"

int main(void) {
    return golden_main(TEST_DATA_DIR "/check");
}
