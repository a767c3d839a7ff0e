# streamhost_room(<name> SOURCES ... [FLOORS ...] [LIBRARIES ...] [TESTS ...])
#
# A room is one folder of host/. It sees the rooms named in FLOORS (and what those see), and nothing else: each room gets an include root
# of its own that holds only that room, so an include that climbs does not compile. Headers are included as "<room>/<file>.hpp".
# TESTS become one GoogleTest program, <name>_test.
function(streamhost_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;FLOORS;LIBRARIES;TESTS;TEST_LIBRARIES" ${ARGN})
  set(root ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${name} SYMBOLIC)

  if(ROOM_SOURCES)
    add_library(room_${name} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(room_${name} PRIVATE streamhost_options)
  else()
    add_library(room_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(room_${name} ${scope} ${root})
  foreach(floor IN LISTS ROOM_FLOORS)
    target_link_libraries(room_${name} ${scope} room_${floor})
  endforeach()
  target_link_libraries(room_${name} ${scope} ${ROOM_LIBRARIES})

  if(STREAMHOST_TESTS AND ROOM_TESTS)
    streamhost_test(${name}_test SOURCES ${ROOM_TESTS} LIBRARIES room_${name} ${ROOM_TEST_LIBRARIES})
  endif()
endfunction()

# streamhost_test(<name> SOURCES ... LIBRARIES ...): a GoogleTest program whose cases ctest lists one by one.
function(streamhost_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE streamhost_options ${TEST_LIBRARIES} GTest::gmock GTest::gtest_main Threads::Threads)
  set(label unit)
  if(name IN_LIST STREAMHOST_TSAN_TESTS)
    set(label tsan)
    add_dependencies(tsan_tests ${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS ${label})
endfunction()
