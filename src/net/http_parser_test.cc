#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <array>

namespace ebb::net {
namespace {

using namespace std::string_view_literals;

Result<std::size_t> FeedHead(std::string_view text) { return MakeRequestParser()->Feed(text); }

TEST(HttpParserTest, AHeadIsTakenUpToItsEndAndNoFurther) {
  auto parser = MakeRequestParser();
  const std::string head = "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
  EXPECT_EQ(parser->Feed(head + "abcGET").value(), head.size());
  ASSERT_TRUE(parser->head_done());
  EXPECT_EQ(parser->head().method, "POST");
  EXPECT_EQ(parser->head().target, "/a?b");
  EXPECT_EQ(parser->head().headers.Get("host"), "h");
  EXPECT_EQ(parser->head().length, 3u);
  EXPECT_TRUE(parser->head().keep_alive);
}

TEST(HttpParserTest, AHeadInSinglePiecesReadsTheSame) {
  auto parser = MakeRequestParser();
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\nX:\t a b \r\n\r\n";
  std::string waiting;
  for (const char c : head) {
    EXPECT_FALSE(parser->head_done());
    waiting += c;
    waiting.erase(0, parser->Feed(waiting).value());
  }
  ASSERT_TRUE(parser->head_done());
  EXPECT_EQ(parser->head().headers.Get("x"), "a b");
}

TEST(HttpParserTest, WhatCouldBeReadInTwoWaysIsRefused) {
  const char* const heads[] = {
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \vchunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nX:\r\n b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nX:\r\n\t\r\n\r\n",
      "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
      "GET / HTTP/1.1\nHost: h\n\n",
      "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nNo colon\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\n: empty\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA b: c\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.2\r\nHost: h\r\n\r\n",
      "GET / http/1.1\r\nHost: h\r\n\r\n",
      "GET /\r\nHost: h\r\n\r\n",
      "G@T / HTTP/1.1\r\nHost: h\r\n\r\n",
      "\x16\x03\x01\x02: a TLS client\r\n\r\n",
  };
  for (const char* head : heads) {
    const std::string_view text = head;
    auto fed = FeedHead(text);
    ASSERT_FALSE(fed) << text;
    EXPECT_EQ(fed.error().kind(), ErrorKind::kInvalid) << text;
  }
  // Not in the table, where it would end the string.
  EXPECT_FALSE(FeedHead("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"sv));
}

TEST(HttpParserTest, AChunkedBodyFillsTheSinkAndGoesOnInTheNext) {
  auto parser = MakeRequestParser();
  std::string bytes =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5;ext=\"x\"\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\nGET";
  bytes.erase(0, parser->Feed(bytes).value());
  EXPECT_EQ(parser->head().framing, MessageHead::Framing::kChunked);
  std::string got;
  std::array<char, 3> sink;
  while (!parser->body_done()) {
    parser->SetSink(sink);
    bytes.erase(0, parser->Feed(bytes).value());
    got.append(sink.data(), parser->sunk());
  }
  EXPECT_EQ(got, "hello world");
  EXPECT_EQ(bytes, "GET");
  EXPECT_FALSE(parser->head().headers.Has("trailer"));
}

TEST(HttpParserTest, BrokenChunksAreRefused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string chunk :
       {"x\r\n", "-1\r\n", "5\nhello\r\n", "3\r\nhello\r\n0\r\n\r\n", "3\r\nabc0\r\n\r\n",
        "11111111111111111\r\n", "5 5\r\nhello", " 5\r\nhello", "0\r\nX: a\r\n b\r\n\r\n"}) {
    auto parser = MakeRequestParser();
    std::string bytes = head + chunk;
    bytes.erase(0, parser->Feed(bytes).value());
    std::array<char, 64> sink;
    parser->SetSink(sink);
    EXPECT_FALSE(parser->Feed(bytes)) << chunk;
  }
}

TEST(HttpParserTest, AResponseToHeadHasNoBodyWhateverItsLength) {
  auto parser = MakeResponseParser(AnswerTo::kHead);
  ASSERT_TRUE(parser->Feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_EQ(parser->head().length, 0u);
  EXPECT_EQ(parser->head().headers.Get("content-length"), "5");
}

TEST(HttpParserTest, AResponseWithoutLengthLastsUntilTheEnd) {
  auto parser = MakeResponseParser(AnswerTo::kOther);
  ASSERT_TRUE(parser->Feed("HTTP/1.0 200 OK\r\n\r\n"));
  EXPECT_EQ(parser->head().framing, MessageHead::Framing::kUntilEnd);
  EXPECT_FALSE(parser->head().keep_alive);
}

}  // namespace
}  // namespace ebb::net
