#include "cli/progress.h"

#include <fmt/format.h>

#include "cli/human.h"

namespace ebb::cli {
namespace {

constexpr std::size_t kBarWidth = 20;

std::size_t PercentOf(std::size_t done, std::size_t whole) {
  return whole == 0 ? 100 : done * 100 / whole;
}

}  // namespace

ProgressBar::ProgressBar(Console& console, std::string label, std::size_t whole)
    : console_(console), label_(std::move(label)), whole_(whole) {}

ProgressBar::~ProgressBar() {
  if (shown_percent_ <= 100) console_.err << "\r\x1b[K" << std::flush;
}

void ProgressBar::Show(std::size_t done) {
  if (!console_.err_is_terminal) return;
  const std::size_t percent = PercentOf(done, whole_);
  if (percent == shown_percent_) return;
  shown_percent_ = percent;
  console_.err << "\r\x1b[K" << FormatProgress(label_, done, whole_) << std::flush;
}

Notice::Notice(Console& console, const std::string& text) : console_(console) {
  if (console_.err_is_terminal) console_.err << text << std::flush;
}

Notice::~Notice() {
  if (console_.err_is_terminal) console_.err << "\r\x1b[K" << std::flush;
}

std::string FormatProgress(const std::string& label, std::size_t done, std::size_t whole) {
  const std::size_t percent = PercentOf(done, whole);
  const std::size_t full = percent * kBarWidth / 100;
  return fmt::format("{}  [{}{}] {:3} %  of {}", label, std::string(full, '#'),
                     std::string(kBarWidth - full, '-'), percent,
                     FormatBytes(static_cast<std::int64_t>(whole)));
}

}  // namespace ebb::cli
