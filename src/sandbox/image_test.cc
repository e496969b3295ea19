// Real sandboxes whose root is an unpacked container image; needs root and a static busybox.
#include <sys/stat.h>

#include "net/http.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

constexpr const char* kBusybox = "/bin/busybox";  // Of the package busybox-static.

class ImageSandboxTest : public SandboxFixture {
 protected:
  void SetUp() override {
    SandboxFixture::SetUp();
    if (!std::filesystem::exists(kBusybox)) GTEST_SKIP() << "needs " << kBusybox;
    std::filesystem::create_directories(Root() / "bin");
    std::filesystem::copy_file(kBusybox, Root() / "bin/busybox");
    std::filesystem::create_symlink("busybox", Root() / "bin/sh");
    File("only/here", "of the image");
    OpenToAll();
  }

  base::Path Root() { return folder_.path() / "image"; }
  void File(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((Root() / name).parent_path());
    std::ofstream(Root() / name) << content;
  }
  // As images are unpacked: everybody has the owner's rights.
  void OpenToAll() {
    chmod(Root().c_str(), 0777);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Root())) {
      if (!entry.is_symlink()) chmod(entry.path().c_str(), 0777);
    }
  }
  Spec Image() {
    Spec spec = MakeSpec(Runtime::kCustom);
    spec.code.clear();
    spec.image = {Root(), "/", nullptr};
    // Every request runs the file at its path as a program.
    File("srv/cgi-bin/run",
         "#!/bin/sh\nPATH=/bin\nprintf '\\r\\n'; eval \"$(busybox httpd -d \"$QUERY_STRING\")\" "
         "2>&1\n");
    OpenToAll();
    spec.command = {"/bin/busybox", "httpd", "-f", "-p", "9000", "-h", "/srv"};
    return spec;
  }
  // What `script` prints inside.
  std::string Run(Sandbox& sandbox, const std::string& script) {
    net::Request request;
    request.method = "GET";
    request.path = "/cgi-bin/run";
    std::string encoded;
    for (const char c : script) {
      char hex[4];
      snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      encoded += hex;
    }
    request.query = encoded;
    request.target = request.path + "?" + encoded;
    request.headers.Set("Host", "x");
    request.headers.Set("Connection", "close");
    request.body = net::MakeStringBody("");
    auto response = testkit::RunToEnd(io(), sandbox.Proxy(std::move(request), Soon()));
    if (!response) return response.error().Describe() + output_;
    if (!response->stream) return response->text;
    auto body = testkit::RunToEnd(io(), net::ReadAll(*response->stream, 1 << 20));
    return body ? *body : body.error().Describe();
  }
};

TEST_F(ImageSandboxTest, SeesTheImageAndNothingOfTheHost) {
  auto sandbox = Ready(Image());
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Run(*sandbox, "busybox cat /only/here"), "of the image");
  EXPECT_EQ(Run(*sandbox, "busybox ls / | busybox tr '\\n' ' '"), "bin dev etc only proc srv tmp ");
  EXPECT_EQ(Run(*sandbox, "busybox cut -d' ' -f2 /proc/self/mounts | busybox tr '\\n' ' '"),
            "/ /dev /tmp /etc/hosts /etc/resolv.conf /proc ");
  EXPECT_EQ(Run(*sandbox, "busybox id -u"), "1000\n");
  EXPECT_EQ(Run(*sandbox, "busybox grep -c localhost /etc/hosts"), "2\n");
}

TEST_F(ImageSandboxTest, RunsAsTheImagesUserWithoutMoreRights) {
  File("etc/passwd", "www:x:33:34::/var/www:/bin/sh\n");
  File("app/data", "old");
  Spec spec = Image();
  spec.image->uid = 33;
  spec.image->gid = 34;
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Run(*sandbox, "busybox id -u; busybox id -g; busybox whoami"), "33\n34\nwww\n");
  EXPECT_EQ(Run(*sandbox, "busybox cat /proc/self/uid_map | busybox wc -l"), "1\n");
  EXPECT_EQ(Run(*sandbox, "busybox grep CapPrm /proc/self/status"), "CapPrm:\t0000000000000000\n");
  EXPECT_EQ(Run(*sandbox, "echo new > /app/data; busybox cat /app/data"), "new\n");
  EXPECT_EQ(Run(*sandbox, "busybox chown 0 /app/data 2>/dev/null; echo $?"), "1\n");
}

TEST_F(ImageSandboxTest, AsksTheFunctionsNameServers) {
  Spec spec = Image();
  spec.names = Names{{"9.9.9.9"}, {}, {"ndots:2"}};
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Run(*sandbox, "busybox cat /etc/resolv.conf"), "nameserver 9.9.9.9\noptions ndots:2\n");
}

TEST_F(ImageSandboxTest, WritesAnywhereAndTheImageStaysAsItIs) {
  File("app/data", "old");
  {
    auto sandbox = Ready(Image());
    ASSERT_TRUE(sandbox);
    EXPECT_EQ(Run(*sandbox,
                  "echo new > /app/data; echo x > /new; busybox rm -r /only;"
                  "busybox mkdir /var; echo y > /tmp/t; busybox cat /app/data /new /tmp/t"),
              "new\nx\ny\n");
    EXPECT_EQ(Run(*sandbox, "busybox ls /only"), "ls: /only: No such file or directory\n");
  }
  EXPECT_EQ(*base::ReadFile(Root() / "app/data"), "old");
  EXPECT_TRUE(std::filesystem::exists(Root() / "only/here"));
  EXPECT_FALSE(std::filesystem::exists(Root() / "new"));
  auto other = Ready(Image());
  ASSERT_TRUE(other);
  EXPECT_EQ(Run(*other, "busybox cat /app/data; busybox ls /tmp"), "old");
}

TEST_F(ImageSandboxTest, WritesNoMoreThanItsDisk) {
  Spec spec = Image();
  spec.disk = Mebibytes(4);
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  // Both are the same disk.
  EXPECT_EQ(Run(*sandbox, "busybox dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null; echo $?"),
            "0\n");
  EXPECT_NE(Run(*sandbox, "busybox dd if=/dev/zero of=/tmp/big bs=1M count=3")
                .find("No space left on device"),
            std::string::npos);
}

TEST_F(ImageSandboxTest, GetsNoFurtherThanItsRoot) {
  auto sandbox = Ready(Image());
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Run(*sandbox, "busybox ls /proc/1/root/../../.. | busybox tr '\\n' ' '"),
            "bin dev etc only proc srv tmp ");
  for (const char* attempt :
       {"busybox chroot /only /bin/sh -c true", "busybox umount /", "busybox umount /tmp",
        "busybox mount -t tmpfs x /only", "busybox mount -o bind / /only",
        "busybox pivot_root / /only", "busybox mknod /x b 8 0", "busybox unshare -m busybox true",
        "echo 1 > /proc/sys/kernel/panic", "busybox mount -o remount,rw /proc"}) {
    EXPECT_EQ(Run(*sandbox,
                  "(" + std::string(attempt) + ") >/dev/null 2>&1 && echo done || echo refused"),
              "refused\n")
        << attempt;
  }
}

TEST_F(ImageSandboxTest, HasNeitherDevicesNorSetUserIdPrograms) {
  auto sandbox = Ready(Image());
  ASSERT_TRUE(sandbox);
  const std::string mounts = Run(*sandbox, "busybox cat /proc/self/mounts");
  EXPECT_NE(mounts.find("none / overlay rw,nosuid,nodev"), std::string::npos) << mounts;
}

TEST_F(ImageSandboxTest, BeginsInTheFolderThatTheImageNames) {
  Spec spec = Image();
  spec.image->work_in = "/srv";
  spec.command.back() = ".";
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Run(*sandbox, "echo works"), "works\n");
}

TEST_F(ImageSandboxTest, FailsByNameWhenTheFolderOrTheProgramIsMissing) {
  Spec spec = Image();
  spec.image->work_in = "/nowhere";
  auto sandbox = Launch(spec);
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  auto loaded = Initialize(**sandbox);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(
      loaded.error().message(),
      "the command /bin/busybox in the folder /nowhere cannot be run: No such file or directory");
  spec.id = "c-second";
  spec.image->work_in = "/";
  spec.command = {"absent"};
  auto second = Launch(spec);
  ASSERT_TRUE(second) << second.error().Describe();
  auto missing = Initialize(**second);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(),
            "the command absent cannot be run: No such file or directory");
}

TEST_F(ImageSandboxTest, FollowsNoLinkOfTheImageOutOfIt) {
  // Each would be a place of the host, or of the root before, if it were followed there.
  std::filesystem::create_directory_symlink("../../../..", Root() / "up");
  std::filesystem::create_directory_symlink("/srv/tmp", Root() / "tmp");
  std::filesystem::create_directories(Root() / "srv/tmp");
  auto sandbox = Ready(Image());
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Run(*sandbox, "busybox ls /up/ | busybox tr '\\n' ' '"),
            "bin dev etc only proc srv tmp up ");
  EXPECT_EQ(Run(*sandbox, "echo x > /tmp/t && busybox cat /srv/tmp/t"), "x\n");
}

}  // namespace
}  // namespace ebb::sandbox
