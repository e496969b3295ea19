# embed_files(target out.S path=file ...)
#
# Puts files into the program as they are: generates an assembler source that includes each one and
# a table of them, for sandbox/embedded.h.
function(embed_files target out)
  set(table "")
  set(blobs "")
  set(files "")
  set(number 0)
  foreach(pair ${ARGN})
    string(REGEX MATCH "^([^=]+)=(.+)$" _ ${pair})
    set(path ${CMAKE_MATCH_1})
    set(file ${CMAKE_MATCH_2})
    list(APPEND files ${file})
    string(APPEND blobs
      "path_${number}: .asciz \"${path}\"\nbegin_${number}: .incbin \"${file}\"\nend_${number}: .byte 0\n")
    string(APPEND table "  .quad path_${number}, begin_${number}, end_${number}\n")
    math(EXPR number "${number} + 1")
  endforeach()
  file(CONFIGURE OUTPUT ${out} CONTENT
"  .section .rodata\n${blobs}
  .section .data.rel.ro, \"aw\"
  .balign 8
  .global ebb_embedded_begin
  .global ebb_embedded_end
ebb_embedded_begin:
${table}ebb_embedded_end:
  .section .note.GNU-stack, \"\", @progbits
" @ONLY)
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE ${out})
endfunction()
