# streamhost_fuzz(<name>_fuzz SOURCES ... [LIBRARIES ...]): a libFuzzer target, built in the preset `fuzz` only (clang) and run by
# `./dev fuzz`. Seeds are the files of tests/fuzz/corpus/<name>_fuzz/. Everything it links is instrumented for coverage (StreamhostOptions).
add_custom_target(fuzz_targets)

function(streamhost_fuzz name)
  if(NOT STREAMHOST_FUZZ)
    return()
  endif()
  cmake_parse_arguments(FUZZ "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${FUZZ_SOURCES})
  target_link_libraries(${name} PRIVATE streamhost_options ${FUZZ_LIBRARIES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzz_targets ${name})
endfunction()
