/* clock.c -- owns the two clocks: wall time for timestamps, monotonic time for deadlines; replaceable in tests. */
#include "base/clock.h"

#include "base/str.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static int64_t read_us(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static int64_t system_wall_us(void *arg)
{
    (void)arg;
    return read_us(CLOCK_REALTIME);
}

static int64_t system_mono_us(void *arg)
{
    (void)arg;
    return read_us(CLOCK_MONOTONIC);
}

const struct clock clock_system = {.wall_us = system_wall_us, .mono_us = system_mono_us, .arg = NULL};

static int64_t fixed_us(void *arg)
{
    return *(const int64_t *)arg;
}

struct clock clock_fixed(const int64_t *now_us)
{
    return (struct clock){.wall_us = fixed_us, .mono_us = fixed_us, .arg = (void *)(uintptr_t)now_us};
}

static int64_t file_wall_us(void *arg)
{
    char text[32];
    int64_t seconds = 0;
    int fd = open(arg, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;

    if (fd >= 0)
        close(fd);
    if (n <= 0 || str_to_i64(str_trim(str_n(text, (size_t)n)), &seconds) || seconds < 0 || seconds > INT64_MAX / US_PER_S)
        return system_wall_us(NULL);
    return seconds * US_PER_S;
}

struct clock clock_from_file(const char *path)
{
    return (struct clock){.wall_us = file_wall_us, .mono_us = system_mono_us, .arg = (void *)(uintptr_t)path};
}
