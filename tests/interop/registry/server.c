/* What runs in the tests' images: answers every request with what it finds.
   The body of a request names a file; the answer is what is in it, or why not.  "W" before the name
   writes to it first; "E" gives the environment variable of that name; "I" who the program is.  "P" waits for the
   next "P" and answers then, so both are under way at once; "T" tells what was asked outside of /invoke. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char told[4096];

static void answer(char *body, char *out, size_t size) {
  if (body[0] == 'I') {
    snprintf(out, size, "%u:%u", getuid(), getgid());
    return;
  }
  if (body[0] == 'T') {
    snprintf(out, size, "%s", told);
    return;
  }
  if (body[0] == 'E') {
    const char *value = getenv(body + 1);
    snprintf(out, size, "%s", value == NULL ? "(not set)" : value);
    return;
  }
  const char *name = body[0] == 'W' ? body + 1 : body;
  if (body[0] == 'W') {
    const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || write(file, "written", 7) != 7) {
      snprintf(out, size, "%s", strerror(errno));
      return;
    }
    close(file);
  }
  const int file = open(name, O_RDONLY);
  const ssize_t count = file < 0 ? -1 : read(file, out, size - 1);
  if (count < 0) {
    snprintf(out, size, "%s", strerror(errno));
  } else {
    out[count] = 0;
  }
  if (file >= 0) close(file);
}

int main(int argc, char **argv) {
  const int port = argc > 1 ? atoi(argv[1]) : 9000;
  const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 16) != 0) return 1;
  int waits = -1;
  for (;;) {
    char request[65536], out[8192] = "", head[256];
    size_t size = 0;
    const int peer = accept(listener, NULL, NULL);
    char *body = NULL;
    long wanted = 0;
    while (size < sizeof request - 1) {
      const ssize_t count = read(peer, request + size, sizeof request - 1 - size);
      if (count <= 0) break;
      size += (size_t)count;
      request[size] = 0;
      if (body == NULL && (body = strstr(request, "\r\n\r\n")) != NULL) {
        body += 4;
        const char *length = strcasestr(request, "\r\ncontent-length:");
        wanted = length == NULL ? 0 : atol(length + 17);
      }
      if (body != NULL && request + size - body >= wanted) break;
    }
    if (body == NULL) {
      close(peer);
      continue;
    }
    if (strstr(request, " /invoke") == NULL && strlen(told) < sizeof told - 64) {
      snprintf(told + strlen(told), 64, "%.*s;", (int)strcspn(strchr(request, ' ') + 1, " "), strchr(request, ' ') + 1);
    }
    if (body[0] == 'P' && waits < 0) {
      waits = peer;
      continue;
    }
    answer(body, out, sizeof out);
    const int count = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(out));
    for (int to = peer; to >= 0; to = to == peer && body[0] == 'P' ? waits : -1) {
      if (write(to, head, (size_t)count) < 0 || write(to, out, strlen(out)) < 0) perror("write");
      close(to);
    }
    if (body[0] == 'P') waits = -1;
  }
}
