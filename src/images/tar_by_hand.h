// images/tar_by_hand.h
// For tests: layers as their makers, good and bad, would make them.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace ebb::images {

// A tar (ustar), entry by entry, with any name and type: what no library would let one write.
class TarByHand {
 public:
  TarByHand& File(const std::string& name, std::string_view content, int mode = 0644) {
    return Add(name, '0', "", mode, content);
  }
  TarByHand& Folder(const std::string& name, int mode = 0755) {
    return Add(name, '5', "", mode, "");
  }
  TarByHand& Link(const std::string& name, const std::string& target) {
    return Add(name, '2', target, 0777, "");
  }
  TarByHand& HardLink(const std::string& name, const std::string& target) {
    return Add(name, '1', target, 0644, "");
  }
  TarByHand& Device(const std::string& name) { return Add(name, '3', "", 0666, ""); }
  std::string Bytes() const { return bytes_ + std::string(1024, '\0'); }

 private:
  TarByHand& Add(const std::string& name, char type, const std::string& target, int mode,
                 std::string_view content) {
    char header[512] = {};
    strncpy(header, name.c_str(), 100);
    snprintf(header + 100, 8, "%07o", static_cast<unsigned>(mode));
    snprintf(header + 108, 8, "%07o", 0U);
    snprintf(header + 116, 8, "%07o", 0U);
    snprintf(header + 124, 12, "%011o", static_cast<unsigned>(content.size()));
    snprintf(header + 136, 12, "%011o", 0U);
    header[156] = type;
    strncpy(header + 157, target.c_str(), 100);
    memcpy(header + 257, "ustar\00000", 8);
    memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    snprintf(header + 148, 8, "%06o", sum);
    bytes_.append(header, sizeof header).append(content);
    bytes_.append((512 - content.size() % 512) % 512, '\0');
    return *this;
  }
  std::string bytes_;
};

}  // namespace ebb::images
