#include "net/message_writer.h"

#include <gtest/gtest.h>

namespace ebb::net {
namespace {

using enum BodyFraming::Kind;

TEST(MessageWriterTest, AResponseHeadHasDateFieldsAndFraming) {
  Headers headers;
  headers.Add("X-A", "1");
  headers.Add("Content-Length", "7");
  headers.Add("connection", "upgrade");
  headers.Add("Transfer-encoding", "gzip");
  EXPECT_EQ(FormatResponseHead(200, headers, {kLength, 3}, ConnectionWord::kNone, "now"),
            "HTTP/1.1 200 OK\r\nDate: now\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(FormatResponseHead(404, {}, {kChunked, 0}, ConnectionWord::kClose, "now"),
            "HTTP/1.1 404 Not Found\r\nDate: now\r\nTransfer-Encoding: chunked\r\n"
            "Connection: close\r\n\r\n");
}

TEST(MessageWriterTest, AFieldThatWouldBeginAnotherMessageIsLeftOut) {
  Headers headers;
  headers.Add("X-A", "1\r\n\r\nHTTP/1.1 200 OK");
  headers.Add("X-B: x\r\nX-C", "1");
  headers.Add("", "1");
  headers.Add("X-D", "fine\ttoo");
  EXPECT_EQ(FormatRequestHead("GET", "/", headers, {kNone, 0}),
            "GET / HTTP/1.1\r\nX-D: fine\ttoo\r\n\r\n");
}

}  // namespace
}  // namespace ebb::net
