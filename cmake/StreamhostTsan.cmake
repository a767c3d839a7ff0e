# The test programs that also run under the thread sanitizer: everything in which two threads meet. They carry the ctest label `tsan`, and
# `tsan_tests` builds them.
set(STREAMHOST_TSAN_TESTS
  runtime_test
  delivery_test
  store_test
  control_test
  lifecycle_test)
add_custom_target(tsan_tests)
