# streamhost_fuzzer(<name>_fuzz SOURCES ... [LIBRARIES ...]), for files in tests/fuzz/.
#
# In the preset `fuzz` (clang) it is a libFuzzer program, run by `./dev fuzz`; what it links is instrumented for coverage
# (StreamhostOptions), since that is what steers the fuzzer. Everywhere else it replays its seeds, corpus/<name>_fuzz/, as an ordinary
# test, so that no target rots and no old finding comes back.
add_custom_target(fuzz_targets)

function(streamhost_fuzzer name)
  cmake_parse_arguments(FUZZ "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${FUZZ_SOURCES})
  target_link_libraries(${name} PRIVATE streamhost_options ${FUZZ_LIBRARIES})
  add_dependencies(fuzz_targets ${name})
  if(STREAMHOST_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE replay_main.cpp)
    add_test(NAME fuzz_seeds.${name} COMMAND ${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(fuzz_seeds.${name} PROPERTIES TIMEOUT 120 LABELS unit)
  endif()
endfunction()
