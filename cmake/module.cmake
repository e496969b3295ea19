# ebb_module(name [DEPS modules...] [LIBS targets...])
#
# Declares src/<name> as the static library ebb_<name>, from every .cc file in the folder and its
# subfolders, and ebb_<name>_test from every _test.cc, run by ctest as <name>.
# fake_*.cc belong to the tests of everyone and go into the library's test companion.
function(ebb_module name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc
    ${CMAKE_CURRENT_SOURCE_DIR}/*.S)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(ebb_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(ebb_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(ebb_${name} ${scope} ebb_options ${ARG_LIBS})
  foreach(dep ${ARG_DEPS})
    target_link_libraries(ebb_${name} ${scope} ebb_${dep})
  endforeach()
  if(tests)
    add_executable(ebb_${name}_test ${tests})
    target_link_libraries(ebb_${name}_test PRIVATE ebb_${name} ebb_testkit
      GTest::gtest GTest::gtest_main)
    add_test(NAME ${name} COMMAND ebb_${name}_test)
  endif()
endfunction()
