# streamhost_add_plugin(<name> SOURCES ... [LIBRARIES ...])
#
# Builds lib/streamhost/plugins/<name>.so so that the host can load it beside other generations of itself and nothing leaks between plugins:
#   MODULE                     nobody links against a plugin
#   hidden visibility          a plugin's own helper() never binds to a function of the same name elsewhere
#   -fno-gnu-unique (g++)      std::make_shared alone would otherwise share its statics between generations
#   version script             exactly one exported symbol, streamhost_plugin_entry
#   -z now, -z defs            a missing symbol fails at load (and at link), not at the first call
function(streamhost_add_plugin name)
  set(link_script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  cmake_parse_arguments(PLUGIN "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(${name} MODULE ${PLUGIN_SOURCES})
  target_link_libraries(${name} PRIVATE streamhost::sdk ${PLUGIN_LIBRARIES})
  if(TARGET streamhost_options)
    target_link_libraries(${name} PRIVATE streamhost_options)
  endif()
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name}
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/streamhost/plugins
    LINK_DEPENDS ${link_script})
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE -Wl,--version-script=${link_script} -Wl,-z,now)
  # clang leaves the sanitizer runtime to the executable, so its symbols are undefined here on purpose.
  if(NOT (STREAMHOST_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES Clang))
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
