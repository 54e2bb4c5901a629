/* Hears digits with spandsp, as its users call it: 20 ms at a time.
 *
 * Reads commands, one a line, and answers each:
 *   filter 0|1          with or without spandsp's filter against dial tone        -> ok
 *   load FILE           16-bit samples of the machine's order at 8 kHz            -> number of samples
 *   hear SAMPLES        a new receiver for each so many samples of the file       -> a line of digits for each, then "."
 *   time                one receiver over all of the file                         -> nanoseconds
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spandsp.h>

static int filter = 0;
static int16_t *audio = NULL;
static size_t length = 0;

static size_t hear(const int16_t *samples, size_t count, int print)
{
    dtmf_rx_state_t *receiver = dtmf_rx_init(NULL, NULL, NULL);
    char digits[129];
    size_t total = 0;

    dtmf_rx_parms(receiver, filter, -1, -1, -99);
    for (size_t at = 0; at < count; at += 160) {
        size_t piece = count - at < 160 ? count - at : 160;
        dtmf_rx(receiver, samples + at, (int) piece);
        size_t got = dtmf_rx_get(receiver, digits, 128);
        total += got;
        if (print && got > 0) {
            digits[got] = '\0';
            fputs(digits, stdout);
        }
    }
    if (print)
        putchar('\n');
    dtmf_rx_free(receiver);
    return total;
}

static int load(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    fseek(file, 0, SEEK_END);
    length = (size_t) ftell(file) / sizeof(int16_t);
    rewind(file);
    free(audio);
    audio = malloc(length * sizeof(int16_t) + 1);
    if (audio == NULL || fread(audio, sizeof(int16_t), length, file) != length)
        length = 0;
    fclose(file);
    return 1;
}

int main(void)
{
    char line[4096];

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "filter ", 7) == 0) {
            filter = atoi(line + 7);
            puts("ok");
        } else if (strncmp(line, "load ", 5) == 0) {
            if (!load(line + 5))
                return 1;
            printf("%zu\n", length);
        } else if (strncmp(line, "hear ", 5) == 0) {
            size_t step = (size_t) atol(line + 5);
            for (size_t at = 0; step > 0 && at < length; at += step)
                hear(audio + at, length - at < step ? length - at : step, 1);
            puts(".");
        } else if (strcmp(line, "time") == 0) {
            struct timespec from, to;
            clock_gettime(CLOCK_MONOTONIC, &from);
            hear(audio, length, 0);
            clock_gettime(CLOCK_MONOTONIC, &to);
            printf("%" PRId64 "\n",
                   (int64_t) (to.tv_sec - from.tv_sec) * 1000000000 + (to.tv_nsec - from.tv_nsec));
        } else {
            return 1;
        }
        fflush(stdout);
    }
    return 0;
}
