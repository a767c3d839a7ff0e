# The test programs that also run under the thread sanitizer: everything in which two threads meet. They carry the ctest label `tsan`, and
# `tsan_tests` builds them.
set(STREAMHOST_TSAN_TESTS
  runtime_test
  observe_test
  delivery_test
  store_test
  redis_threads_test
  control_test
  ratelimit_threads_test
  lifecycle_test)
add_custom_target(tsan_tests)

# A renamed test must not drop out of here unnoticed.
function(streamhost_check_tsan_tests)
  foreach(name IN LISTS STREAMHOST_TSAN_TESTS)
    if(STREAMHOST_TESTS AND NOT TARGET ${name})
      message(FATAL_ERROR "cmake/StreamhostTsan.cmake names ${name}, which is no test program")
    endif()
  endforeach()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL streamhost_check_tsan_tests)
