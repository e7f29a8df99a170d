/* Frames of WebSocket (RFC 6455, section 5.2): a client masks what it says, a server does not. */
#include <stdint.h>
#include <string.h>

enum { HEAD = 8 }; /* the longest head of a client that says less than 64 KiB */
static const char no_head[HEAD];
static const unsigned char mask[4] = {0x9d, 0x37, 0xe1, 0x5b};

/* Puts a head before a text that has HEAD bytes before it, and masks it; returns what it takes. */
static unsigned frame(char *at, unsigned size) {
    unsigned head = size < 126 ? 6 : HEAD;
    memmove(at + head, at + HEAD, size);
    at[0] = (char)0x81;
    at[1] = (char)(0x80 | (size < 126 ? size : 126));
    if (size >= 126) {
        at[2] = (char)(size >> 8);
        at[3] = (char)size;
    }
    memcpy(at + head - 4, mask, 4);
    for (unsigned n = 0; n < size; n++) at[head + n] ^= mask[n & 3];
    return head + size;
}

/* Where a connection stands in its server's frames: what the present one still has, or its head. */
struct frames { uint64_t left; int head_size; unsigned char head[10]; };

/* Returns 1 if a head is whole, 0 if it is not, -1 if it is not that of a whole text. */
static int read_head(struct frames *frames) {
    unsigned char *head = frames->head;
    if (head[0] != 0x81) return -1;
    if (frames->head_size < 2) return 0;
    if (head[1] > 127) return -1;
    int whole = head[1] < 126 ? 2 : head[1] == 126 ? 4 : 10;
    if (frames->head_size < whole) return 0;
    frames->left = whole == 2 ? head[1] : 0;
    for (int n = 2; n < whole; n++) frames->left = frames->left << 8 | head[n];
    frames->head_size = 0;
    return 1;
}

/* Takes the heads out of what came, however it is cut; returns what is left of it, -1 if a server
 * may not say that. */
static long unframe(struct frames *frames, char *data, long size) {
    char *from = data, *end = data + size, *kept = data;
    while (from < end) {
        if (!frames->left) {
            frames->head[frames->head_size++] = (unsigned char)*from++;
            if (read_head(frames) < 0) return -1;
            continue;
        }
        uint64_t rest = end - from, part = rest < frames->left ? rest : frames->left;
        memmove(kept, from, part);
        kept += part;
        from += part;
        frames->left -= part;
    }
    return kept - data;
}
