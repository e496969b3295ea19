#include "cli/place.h"

#include <gtest/gtest.h>

#include <map>

#include "cli/exit.h"
#include "server/client_file.h"
#include "testkit/temp_folder.h"

namespace ebb::cli {
namespace {

class PlaceTest : public ::testing::Test {
 protected:
  void SaveFile() {
    ASSERT_TRUE(server::SaveClientFile(folder_.path(), {"http://127.0.0.1:1", "s3", "fn", "account",
                                                        "file-id", "file-secret", "local"}));
  }
  Result<Place> Find() {
    options_.data = folder_.path();
    return FindPlace(options_, [this](const std::string& name) -> std::optional<std::string> {
      auto it = environment_.find(name);
      if (it == environment_.end()) return {};
      return it->second;
    });
  }

  testkit::TempFolder folder_;
  PlaceOptions options_;
  std::map<std::string, std::string> environment_;
};

TEST_F(PlaceTest, AnOptionGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  SaveFile();
  options_.endpoint = "http://other:7";
  environment_ = {{"EBB_ENDPOINT", "http://third:9"}, {"EBB_ACCESS_KEY_ID", "env-id"}};
  auto place = Find();
  ASSERT_TRUE(place) << place.error().message();
  EXPECT_EQ(place->host, "other");
  EXPECT_EQ(place->port, 7);
  EXPECT_EQ(place->access_key_id, "env-id");
  EXPECT_EQ(place->access_key_secret, "file-secret");
}

TEST_F(PlaceTest, WithoutAnyServerItSaysHowToGetOne) {
  auto place = Find();
  ASSERT_FALSE(place);
  EXPECT_EQ(ExitOf(place.error()), Exit::kUnreachable);
  EXPECT_NE(place.error().message().find("ebb serve"), std::string::npos);
}

TEST_F(PlaceTest, TheDefaultDataFolderIsAlsoLookedForFurtherUp) {
  const base::Path before = std::filesystem::current_path();
  std::filesystem::create_directories(folder_.path() / "data");
  std::filesystem::create_directories(folder_.path() / "functions" / "hello");
  std::filesystem::current_path(folder_.path() / "functions" / "hello");
  ASSERT_TRUE(server::SaveClientFile(
      folder_.path() / "data", {"http://127.0.0.1:5", "s3", "fn", "account", "id", "s", "local"}));
  auto place = FindPlace({}, [](const std::string&) { return std::nullopt; });
  std::filesystem::current_path(before);
  ASSERT_TRUE(place) << place.error().message();
  EXPECT_EQ(place->port, 5);
}

TEST_F(PlaceTest, AnEndpointThatIsNoneIsRefused) {
  SaveFile();
  for (const char* bad :
       {"127.0.0.1:8900", "https://x:1", "http://x", "http://x:70000", "http://:1"}) {
    options_.endpoint = bad;
    EXPECT_FALSE(Find()) << bad;
  }
}

}  // namespace
}  // namespace ebb::cli
