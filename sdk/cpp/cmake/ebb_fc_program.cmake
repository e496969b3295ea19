# ebb_fc_program(NAME source ...)
#
# A function's program: static and without position independence, so that it starts without a
# dynamic linker and without relocations, in few pages.
function(ebb_fc_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ebb::fc)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -O2 -ffunction-sections -fdata-sections)
  target_link_options(${name} PRIVATE -static -no-pie -s -Wl,--gc-sections)
endfunction()
