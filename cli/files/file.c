#include "cli/files/file.h"

#include "runtime/base/buf.h"
#include "runtime/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 * 1024)
#define BACKUPS_MAX 100

static int fail(const char *path, const char *what, struct err *err) {
    err_set(err, ERR_CONFIG_INVALID, "cannot %s '%s': %s", what, path, strerror(errno));
    err_remedy(err, "check the path and its permissions");
    return -1;
}

static int read_stream(FILE *stream, const char *path, size_t limit, struct buf *text,
                       struct err *err) {
    for (;;) {
        size_t room = limit + 1 - text->len < CHUNK_BYTES ? limit + 1 - text->len : CHUNK_BYTES;
        char *to = buf_reserve(text, room);
        if (!to) {
            return err_out_of_memory(err, path);
        }
        errno = 0;
        size_t n = fread(to, 1, room, stream);
        buf_commit(text, n);
        if (text->len > limit) {
            err_set(err, ERR_CONFIG_INVALID, "'%s' has more than %zu bytes", path, limit);
            err_remedy(err, "check that this is the file that was meant");
            return -1;
        }
        if (n < room) {
            return ferror(stream) ? fail(path, "read", err) : 0;
        }
    }
}

static int read_path(const char *path, size_t limit, struct buf *text, struct err *err) {
    FILE *stream = fopen(path, "rbe");
    if (!stream) {
        return fail(path, "open", err);
    }
    int result = read_stream(stream, path, limit, text, err);
    fclose(stream);
    return result;
}

int file_read(const char *path, size_t limit, struct arena *arena, struct view *ret_text,
              struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(limit + 1);
    bool is_stdin = strcmp(path, "-") == 0;
    if ((is_stdin ? read_stream(stdin, path, limit, &text, err)
                  : read_path(path, limit, &text, err)) < 0) {
        return -1;
    }
    *ret_text = arena_copy(arena, buf_view(&text));
    return ret_text->data ? 0 : err_out_of_memory(err, path);
}

static int write_all(int descriptor, struct view text) {
    while (text.len > 0) {
        ssize_t n = write(descriptor, text.data, text.len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        text = view_slice(text, (size_t)n, text.len);
    }
    return fsync(descriptor);
}

/* The name is only durable once its directory is. */
static void sync_directory_of(const char *path) {
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    snprintf(directory, sizeof(directory), "%.*s", (int)len, path);
    int descriptor = open(len > 0 ? directory
                          : slash ? "/"
                                  : ".",
                          O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        close(descriptor);
    }
}

static int write_beside(const char *path, const char *beside, int descriptor, struct view text,
                        struct err *err) {
    struct stat old;
    if (stat(path, &old) == 0) {
        /* Whoever may not give a file away keeps it as their own. */
        if (fchown(descriptor, old.st_uid, old.st_gid) < 0 && errno != EPERM) {
            return fail(beside, "write", err);
        }
        if (fchmod(descriptor, old.st_mode & 07777) < 0) {
            return fail(beside, "write", err);
        }
    }
    return write_all(descriptor, text) < 0 ? fail(beside, "write", err) : 0;
}

int file_replace(const char *path, struct view text, struct err *err) {
    char target[PATH_MAX];
    char beside[PATH_MAX + 16];
    if (!realpath(path, target)) {
        return fail(path, "find", err);
    }
    snprintf(beside, sizeof(beside), "%s.new-XXXXXX", target);
    int descriptor = mkstemp(beside);
    if (descriptor < 0) {
        return fail(beside, "create", err);
    }
    int result = write_beside(target, beside, descriptor, text, err);
    if (close(descriptor) < 0 && result == 0) {
        result = fail(beside, "write", err);
    }
    if (result == 0 && rename(beside, target) < 0) {
        result = fail(target, "replace", err);
    }
    if (result < 0) {
        (void)unlink(beside);
        return -1;
    }
    sync_directory_of(target);
    return 0;
}

/* "20261121T071500Z" is a name's part on any file system. */
static struct view backup_name(const char *path, const char *time, int number,
                               struct arena *arena) {
    return number == 1 ? arena_printf(arena, "%s.backup_%s", path, time)
                       : arena_printf(arena, "%s.backup_%s_%d", path, time, number);
}

int file_back_up(const char *path, struct view text, int64_t now_ms, struct arena *arena,
                 struct view *ret_backup, struct err *err) {
    char time[TIME_AMZ_BYTES];
    time_format_amz(now_ms, time);
    for (int number = 1; number <= BACKUPS_MAX; number++) {
        struct view name = backup_name(path, time, number, arena);
        if (!name.data) {
            return err_out_of_memory(err, "backup");
        }
        int descriptor = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor < 0 && errno == EEXIST) {
            continue;
        }
        if (descriptor < 0) {
            return fail(name.data, "create", err);
        }
        int result = write_beside(path, name.data, descriptor, text, err);
        if (close(descriptor) < 0 && result == 0) {
            result = fail(name.data, "write", err);
        }
        if (result < 0) {
            (void)unlink(name.data);
            return -1;
        }
        sync_directory_of(name.data); /* of a link's own folder, which replacing does not sync */
        *ret_backup = name;
        return 0;
    }
    err_set(err, ERR_CONFIG_INVALID, "there are %d backups of '%s' of this second", BACKUPS_MAX,
            path);
    err_remedy(err, "move them away");
    return -1;
}
