# Precompiled headers for the sanitizer presets (STREAMHOST_PCH), where a cold build must end within the hour on two cores: the standard
# library, and GoogleTest for test programs, are read once instead of by every file. Every C++ library and test program takes part.
#
# The release preset has none, and so names the file that forgot an include of its own.
option(STREAMHOST_PCH "Precompile the headers that most files include" OFF)

# streamhost_pch(<name> <library|executable> <header> <source text>)
function(streamhost_pch name kind header text)
  set(source ${CMAKE_BINARY_DIR}/pch/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}\n" @ONLY)
  if(kind STREQUAL "executable")
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE GTest::gmock)
  else()
    add_library(${name} OBJECT ${source})
  endif()
  target_link_libraries(${name} PRIVATE streamhost_options)
  target_precompile_headers(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch/${header})
endfunction()

# All targets that are compiled below a directory.
function(streamhost_targets_below directory result)
  get_property(found DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
  get_property(below DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(child IN LISTS below)
    streamhost_targets_below(${child} more)
    list(APPEND found ${more})
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(streamhost_use_pch)
  # Two, since libraries are compiled with -fPIC and programs with -fPIE.
  streamhost_pch(pch_libraries library standard.hpp "")
  streamhost_pch(pch_tests executable tests.hpp "int main() {}")
  # Without it ccache cannot tell what a precompiled header stands for.
  target_compile_options(streamhost_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  # Poco defines what system headers look at; a precompiled header is good only where the same is defined.
  target_compile_definitions(streamhost_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:$<TARGET_PROPERTY:Poco::Foundation,INTERFACE_COMPILE_DEFINITIONS>>)
  streamhost_targets_below(${CMAKE_SOURCE_DIR} targets)
  list(REMOVE_ITEM targets pch_libraries pch_tests)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    get_target_property(sources ${target} SOURCES)
    get_target_property(links ${target} LINK_LIBRARIES)
    if(NOT sources MATCHES "\\.cpp" OR NOT links MATCHES "streamhost_options")
      continue()
    endif()
    if(links MATCHES "GTest::gtest_main")
      target_precompile_headers(${target} REUSE_FROM pch_tests)
    elseif(NOT type STREQUAL "EXECUTABLE")
      target_precompile_headers(${target} REUSE_FROM pch_libraries)
    endif()
  endforeach()
endfunction()

if(STREAMHOST_PCH)
  cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL streamhost_use_pch)
endif()
