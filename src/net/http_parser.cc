#include "net/http_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>

namespace ebb::net {
namespace {

namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;
using BeastView = boost::beast::string_view;

std::string_view View(BeastView v) { return {v.data(), v.size()}; }

bool IsChunked(std::string_view value) {
  return value.size() == 7 && std::ranges::equal(value, std::string_view("chunked"), {},
                                                 [](char c) { return static_cast<char>(c | 32); });
}

template <bool kRequest>
class Parser final : public HttpParser, private http::basic_parser<kRequest> {
 public:
  explicit Parser(AnswerTo method) {
    this->body_limit(boost::none);  // Bodies are streams; who reads one knows its limit.
    this->header_limit(std::numeric_limits<std::uint32_t>::max());  // The reader counts.
    if (method == AnswerTo::kHead) this->skip(true);
  }

  Result<std::size_t> Feed(std::string_view bytes) override {
    feed_ = bytes;
    std::size_t taken = 0;
    while (!this->is_done() && taken < bytes.size()) {
      const bool was_head = !this->is_header_done();
      ErrorCode error;
      refusal_ = nullptr;
      taken += this->put({bytes.data() + taken, bytes.size() - taken}, error);
      if (refusal_ != nullptr) return Fail(Error::Invalid(refusal_));
      if (error == http::error::need_more) break;
      if (error) return Fail(Error::Invalid("not valid HTTP: " + error.message()));
      if (was_head && this->is_header_done()) {
        auto checked = FinishHead();
        if (!checked) return Fail(checked.error());
        break;
      }
      if (this->is_header_done() && sunk_ == sink_.size()) break;
    }
    return taken;
  }

  bool head_done() const override { return this->is_header_done(); }
  bool body_done() const override { return this->is_done(); }
  MessageHead& head() override { return head_; }
  void SetSink(std::span<char> sink) override {
    sink_ = sink;
    sunk_ = 0;
  }
  std::size_t sunk() const override { return sunk_; }
  std::uint64_t chunk_left() const override { return chunk_left_; }

 private:
  // Refuses with words of ours.  The code that stops Beast is any.
  void Refuse(const char* why, ErrorCode& error) {
    refusal_ = why;
    error = http::error::bad_value;
  }

  // Beast joins a value that goes on over several lines; others take the second line for a field
  // of its own.  Joined, it lies in Beast's buffer; begun on the second line, a line end is between
  // the name and the value.
  bool IsFolded(std::string_view name, std::string_view value) const {
    const char* after_name = name.data() + name.size();
    if (value.data() < after_name || value.data() > feed_.data() + feed_.size()) return true;
    return std::memchr(after_name, '\n', static_cast<std::size_t>(value.data() - after_name));
  }

  Result<void> FinishHead() {
    if (transfer_encodings_ > 0 && (head_.version < 11 || !this->chunked())) {
      return Fail(Error::Invalid("Transfer-Encoding must be chunked, and HTTP/1.1"));
    }
    head_.keep_alive = this->keep_alive();
    if (this->is_done()) return {};  // No body: length 0.
    if (this->chunked()) {
      head_.framing = MessageHead::Framing::kChunked;
    } else if (this->need_eof()) {
      head_.framing = MessageHead::Framing::kUntilEnd;
    } else {
      head_.length = this->content_length().value_or(0);
    }
    return {};
  }

  void on_request_impl(http::verb, BeastView method, BeastView target, int version,
                       ErrorCode&) override {
    head_.method = View(method);
    head_.target = View(target);
    head_.version = version;
  }

  void on_response_impl(int code, BeastView, int version, ErrorCode&) override {
    head_.status = code;
    head_.version = version;
  }

  void on_field_impl(http::field field, BeastView name, BeastView value,
                     ErrorCode& error) override {
    if (IsFolded(View(name), View(value))) {
      return Refuse("a header field goes on over several lines", error);
    }
    if (this->is_header_done()) return;  // A trailer: nobody here needs one.
    if (field == http::field::content_length) {
      // Beast takes "5, 5" and two equal fields.
      if (++content_lengths_ > 1 || View(value).find(',') != std::string_view::npos) {
        return Refuse("Content-Length is given twice", error);
      }
    } else if (field == http::field::transfer_encoding) {
      // Beast takes "gzip" for no body at all.
      if (++transfer_encodings_ > 1 || !IsChunked(View(value))) {
        return Refuse("Transfer-Encoding must be chunked, once", error);
      }
    } else if (kRequest && field == http::field::host && ++hosts_ > 1) {
      return Refuse("Host is given twice", error);
    }
    head_.headers.Add(std::string(View(name)), std::string(View(value)));
  }

  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(BeastView, ErrorCode&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t size, BeastView, ErrorCode&) override {
    chunk_left_ = size;
  }
  std::size_t on_chunk_body_impl(std::uint64_t left, BeastView bytes, ErrorCode&) override {
    const std::size_t count = std::min(bytes.size(), sink_.size() - sunk_);
    char* const to = sink_.data() + sunk_;
    if (to != bytes.data()) std::memcpy(to, bytes.data(), count);
    sunk_ += count;
    chunk_left_ = left - count;
    return count;
  }
  void on_finish_impl(ErrorCode&) override {}

  MessageHead head_;
  std::string_view feed_;
  const char* refusal_ = nullptr;
  int content_lengths_ = 0;
  int transfer_encodings_ = 0;
  int hosts_ = 0;
  std::span<char> sink_;
  std::size_t sunk_ = 0;
  std::uint64_t chunk_left_ = 0;
};

}  // namespace

std::unique_ptr<HttpParser> MakeRequestParser() {
  return std::make_unique<Parser<true>>(AnswerTo::kOther);
}

std::unique_ptr<HttpParser> MakeResponseParser(AnswerTo method) {
  return std::make_unique<Parser<false>>(method);
}

}  // namespace ebb::net
