/* data/settings/<case>/: the config commands' help, and what they say to a wrong command line. */

#include "tests/unit/cli/golden_cases.h"

int main(void) {
    return golden_main(TEST_DATA_DIR "/settings");
}
