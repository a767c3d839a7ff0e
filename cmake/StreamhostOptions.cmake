# Warnings, sanitizers and link hardening for everything this tree builds. One INTERFACE target, so that no room can forget a flag.
add_library(streamhost_options INTERFACE)
target_compile_options(streamhost_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual> -Wcast-qual -Wformat=2 -Wno-missing-field-initializers
  -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden> -fno-omit-frame-pointer)
if(STREAMHOST_WERROR)
  target_compile_options(streamhost_options INTERFACE -Werror)
endif()
if(STREAMHOST_SANITIZE)
  target_compile_options(streamhost_options INTERFACE -fsanitize=${STREAMHOST_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(streamhost_options INTERFACE -fsanitize=${STREAMHOST_SANITIZE})
endif()
if(STREAMHOST_FUZZ)
  target_compile_options(streamhost_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# ccache with base_dir set and the directory left out of the hash, so that a fresh clone in another folder hits.
find_program(STREAMHOST_CCACHE ccache)
if(STREAMHOST_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${STREAMHOST_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
endif()
