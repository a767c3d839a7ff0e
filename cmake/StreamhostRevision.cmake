# STREAMHOST_REVISION: the commit that is built, or "unknown" without git, as from an archive. Whoever builds where no
# repository is, an image for example, says it: -DSTREAMHOST_BUILD_REVISION=...
set(STREAMHOST_BUILD_REVISION "" CACHE STRING "The commit that is built; empty: ask git")
set(STREAMHOST_REVISION "${STREAMHOST_BUILD_REVISION}")
find_package(Git QUIET)
if(STREAMHOST_REVISION STREQUAL "" AND GIT_FOUND AND EXISTS ${CMAKE_SOURCE_DIR}/.git)
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --short=12 HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE STREAMHOST_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  # Grows with each commit and checkout: configured anew, the file is written again when the commit is another one.
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --git-path logs/HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  get_filename_component(head "${head}" ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
  if(EXISTS ${head})
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${head})
  endif()
endif()
if(NOT STREAMHOST_REVISION MATCHES "^[0-9A-Za-z._-]+$")
  set(STREAMHOST_REVISION unknown)
endif()
