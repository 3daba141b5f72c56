/* data/migrate/<case>/: environment files, and what config migrate --dry-run says of them. */

#include "tests/unit/cli/golden_cases.h"

int main(void) {
    return golden_main(TEST_DATA_DIR "/migrate");
}
