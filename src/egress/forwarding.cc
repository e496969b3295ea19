#include "egress/forwarding.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "base/file.h"

namespace ebb::egress {
namespace {

std::string SwitchOf(const std::string& link) { return "conf/" + link + "/forwarding"; }

bool WriteAt(const base::Fd& folder, const std::string& file, std::string_view text) {
  const base::Fd fd(openat(folder.get(), file.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.valid() && write(fd.get(), text.data(), text.size()) == ssize_t(text.size());
}

bool IsOn(const base::Fd& folder, const std::string& file) {
  const base::Fd fd(openat(folder.get(), file.c_str(), O_RDONLY | O_CLOEXEC));
  char first = '0';
  return fd.valid() && read(fd.get(), &first, 1) == 1 && first != '0';
}

Result<base::Fd> OpenSysctl() {
  base::Fd folder(open("/proc/sys/net/ipv4", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return Fail(Error::System("open /proc/sys/net/ipv4", errno));
  return folder;
}

}  // namespace

Result<std::set<std::string>> RoutedLinks(const std::string& own) {
  // The thread's: /proc/net is the namespace of the process's first thread.
  auto text = base::ReadFile("/proc/thread-self/net/route");
  if (!text) return Fail(text.error());
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);  // The names of the columns.
  std::set<std::string> links;
  while (std::getline(lines, line)) {
    const std::string link = line.substr(0, line.find('\t'));
    if (!link.empty() && link != own && link != "lo") links.insert(link);
  }
  return links;
}

Result<bool> Forwards(const std::string& link) {
  auto folder = OpenSysctl();
  if (!folder) return Fail(folder.error());
  return IsOn(*folder, SwitchOf(link));
}

Result<void> SetForwards(const std::string& link, bool forwards) {
  auto folder = OpenSysctl();
  if (!folder) return Fail(folder.error());
  if (WriteAt(*folder, SwitchOf(link), forwards ? "1" : "0")) return {};
  return Fail(Error::System("set net.ipv4.conf." + link + ".forwarding", errno));
}

Result<ForwardingDebt> ForwardingDebt::Begin() {
  base::Fd file(memfd_create("ebb-forwarding", MFD_CLOEXEC));
  if (!file.valid()) return Fail(Error::System("memfd_create", errno));
  return ForwardingDebt(std::move(file));
}

Result<void> ForwardingDebt::Add(const std::string& link) {
  return base::WriteAll(file_.get(), link + "\n");
}

void PayForwardingDebt(const base::Fd& debt, const base::Fd& sysctl) {
  if (IsOn(sysctl, "ip_forward")) return;  // It is somebody else's by now.
  std::string names;
  char bytes[1024];
  ssize_t size = 0;
  while ((size = pread(debt.get(), bytes, sizeof bytes, static_cast<off_t>(names.size()))) > 0) {
    names.append(bytes, static_cast<std::size_t>(size));
  }
  std::istringstream lines(names);
  for (std::string link; std::getline(lines, link);) WriteAt(sysctl, SwitchOf(link), "0");
}

}  // namespace ebb::egress
