#include "app/store_complaint.hpp"

#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

TEST(StoreComplaint, HasTheWordsOfTheLogAndTheKeyToLookAt) {
    const StoreComplaint refused =
        store_complaint("WRONGPASS invalid username-password pair or user is disabled.", "store.sentinel");
    EXPECT_EQ(refused.text,
              "the server refused the user or the password (WRONGPASS invalid username-password pair or user "
              "is disabled.)");
    EXPECT_EQ(refused.next,
              "compare store.sentinel.username and the first line of store.sentinel.password_file "
              "with ACL GETUSER");
    EXPECT_NE(store_complaint("ERR No such master with that name", "store.sentinel")
                  .next.find("store.sentinel.master"),
              std::string::npos);
    EXPECT_EQ(store_complaint("ERR unknown command 'SENTINEL', with args beginning with:", "store.sentinel")
                  .text.rfind("that is a Redis server, no Sentinel (", 0),
              0U);
    EXPECT_EQ(store_complaint("OOM command not allowed when used memory > 'maxmemory'.", "store.redis").next,
              "raise maxmemory, or wait for what expires");
}

TEST(StoreComplaint, NeverIsWithoutANextStep) {
    EXPECT_EQ(store_complaint("Connection refused", "store.redis").text, "Connection refused");
    EXPECT_EQ(store_complaint("Connection refused", "store.redis").next,
              "nothing listens there: is the server up, and is the port in store.redis right?");
    EXPECT_EQ(store_complaint("ERR of tomorrow", "store.redis").text, "ERR of tomorrow");
    EXPECT_EQ(store_complaint("ERR of tomorrow", "store.redis").next,
              "look at the server's log, and at store.redis");
}

}  // namespace
}  // namespace streamhost::app
