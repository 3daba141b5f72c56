/* data/render/<case>/: environment files, and what config render makes of them. */

#include "tests/unit/cli/golden_cases.h"

int main(void) {
    return golden_main(TEST_DATA_DIR "/render");
}
