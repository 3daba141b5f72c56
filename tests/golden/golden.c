/*
 * The golden cases under events/: event + facts -> plan.
 */

#include <glob.h>
#include <stdio.h>

int main(void) {
    glob_t found;
    if (glob(GOLDEN_EVENTS_DIR "/*/*/event.json", 0, NULL, &found) != 0) {
        return 1;
    }
    printf("%zu events\n", found.gl_pathc);
    globfree(&found);
    return 0;
}
