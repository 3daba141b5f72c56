#include "files.h"

#include "canonical.h"
#include "runtime/base/buf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void path_of(const char *folder, const char *name, char path[static PATH_MAX]) {
    (void)snprintf(path, PATH_MAX, "%s/%s", folder, name);
}

int file_read(const char *folder, const char *name, struct arena *arena, struct view *ret_bytes,
              struct err *err) {
    struct buf bytes BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    char path[PATH_MAX];
    char block[4096];
    size_t n;
    path_of(folder, name, path);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return err_set(err, ERR_EVENT_MALFORMED, "cannot read '%s': %s", path, strerror(errno));
    }
    while ((n = fread(block, 1, sizeof(block), file)) > 0) {
        buf_append(&bytes, (struct view){block, n});
    }
    (void)fclose(file);
    if (buf_check(&bytes, path, err) != 0) {
        return -1;
    }
    *ret_bytes = arena_copy(arena, buf_view(&bytes));
    return ret_bytes->data != NULL ? 0 : err_out_of_memory(err, path);
}

int file_write(const char *folder, const char *name, struct view bytes, struct err *err) {
    char path[PATH_MAX];
    path_of(folder, name, path);
    FILE *file = fopen(path, "wb");
    bool whole = file != NULL && fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
    if (file == NULL || fclose(file) != 0 || !whole) {
        return err_set(err, ERR_EVENT_MALFORMED, "cannot write '%s': %s", path, strerror(errno));
    }
    return 0;
}

bool file_exists(const char *folder, const char *name) {
    char path[PATH_MAX];
    path_of(folder, name, path);
    return access(path, F_OK) == 0;
}

void file_remove(const char *folder, const char *name) {
    char path[PATH_MAX];
    path_of(folder, name, path);
    (void)unlink(path);
}
