/*
 * The golden cases: what events and facts come in, what plan must follow.
 *
 *     golden [--update] [CASE…]
 *
 * Each folder events/<kind>/<case>/ with a facts.json is a case, found when this runs. Without
 * names all of them are run. --update writes the plans instead of comparing them, for a person to
 * review: the expected plan is what the rules say, not what the code does.
 */

#include "case.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

/* Fewer cases than this are a folder that was not found. */
#define MIN_CASES 30

/* "deploy/prod" of "…/events/deploy/prod/facts.json"; the folder is cut off before the file. */
static const char *split(char *path) {
    char *end = strrchr(path, '/');
    *end = '\0';
    const char *name = end;
    for (int slashes = 0; name > path && slashes < 2; slashes += *name == '/') {
        name--;
    }
    return name + 1;
}

/* A case may be named by its folder, too. */
static bool is_case(const char *argument, const char *name) {
    size_t length = strlen(argument);
    while (length > 0 && argument[length - 1] == '/') {
        length--;
    }
    size_t wanted = strlen(name);
    return length >= wanted && strncmp(argument + length - wanted, name, wanted) == 0 &&
           (length == wanted || argument[length - wanted - 1] == '/');
}

struct choice {
    char **names;
    int n;
    bool update;
};

static bool is_chosen(const struct choice *choice, const char *name) {
    for (int i = 0; i < choice->n; i++) {
        if (is_case(choice->names[i], name)) {
            return true;
        }
    }
    return choice->n == 0;
}

static int run_all(const struct choice *choice, const glob_t *found) {
    int passed = 0;
    int failed = 0;
    for (size_t i = 0; i < found->gl_pathc; i++) {
        const char *name = split(found->gl_pathv[i]);
        if (is_chosen(choice, name)) {
            bool fine = case_run(found->gl_pathv[i], name, choice->update);
            passed += fine;
            failed += !fine;
        }
    }
    if (choice->n == 0 && passed + failed < MIN_CASES) {
        printf("-- only %d cases under %s, expected at least %d\n", passed + failed,
               GOLDEN_EVENTS_DIR, MIN_CASES);
        failed++;
    }
    if (choice->n > passed + failed) {
        printf("-- not all of the cases that were named exist\n");
        failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    bool update = argc > 1 && strcmp(argv[1], "--update") == 0;
    int skipped = update ? 2 : 1;
    const struct choice choice = {.names = argv + skipped, .n = argc - skipped, .update = update};
    glob_t found = {0};
    if (choice.n > 0 && choice.names[0][0] == '-') {
        fprintf(stderr, "usage: golden [--update] [CASE…]\n");
        return 2;
    }
    int rc = glob(GOLDEN_EVENTS_DIR "/*/*/facts.json", 0, NULL, &found);
    if (rc != 0 && rc != GLOB_NOMATCH) {
        fprintf(stderr, "golden: cannot list %s\n", GOLDEN_EVENTS_DIR);
        return 1;
    }
    int status = run_all(&choice, &found);
    globfree(&found);
    return status;
}
